'use strict'

const assert = require('node:assert/strict')
const { EventEmitter } = require('node:events')
const { PassThrough } = require('node:stream')
const { afterEach, beforeEach, mock, test } = require('node:test')
const { TestBridge } = require('../../test-support/bridge')
const { until } = require('../../test-support/flows')
const { SignIn } = require('../sign-in')

/** @type {TestBridge} */
let bridge
/** @type {SignIn} */
let signIn

beforeEach(async () => {
  bridge = await new TestBridge().start()
  signIn = new SignIn(bridge.url)
})

afterEach(async () => {
  mock.timers.reset()
  await bridge.stop().catch(() => {})
})

test('a ticket is a user with permissions, and the user knows the ticket', async () => {
  const user = await signIn.adminAuth.tokens('ticket-of-dana')
  assert.equal(user?.username, 'dana')
  assert.ok(user?.permissions.includes('flows.write'))
  assert.equal(signIn.ticketOf(user ?? undefined), 'ticket-of-dana')
  assert.ok(!JSON.stringify(user).includes('ticket'))
})

test('the bridge is asked once a second at most', async () => {
  await Promise.all([signIn.userOf('ticket-of-dana'), signIn.userOf('ticket-of-dana')])
  assert.equal(bridge.asked.length, 1)
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 1_100 })
  bridge.people = {}
  assert.equal(await signIn.userOf('ticket-of-dana'), null)
})

test('an unknown ticket, none, and a bridge that is down or talks nonsense are nobody', async () => {
  assert.equal(await signIn.userOf('forged'), null)
  assert.equal(await signIn.userOf(undefined), null)
  bridge.instead['GET /api/nodered/whoami'] = [{ status: 200, body: { username: 'x' } }]
  assert.equal(await signIn.userOf('ticket-of-vic'), null)
  await bridge.stop()
  assert.equal(await signIn.userOf('ticket-of-dana'), null)
})

test('an open connection ends with its session', async () => {
  mock.timers.enable({ apis: ['setInterval', 'Date'], now: Date.now() })
  const server = /** @type {any} */ (new EventEmitter())
  signIn.watch(server)
  const socket = new PassThrough()
  server.emit('upgrade', { headers: { 'x-opsc-session': 'ticket-of-dana' } }, socket)
  mock.timers.tick(5_000)
  await until(() => bridge.asked.length === 1)
  assert.equal(socket.destroyed, false)
  bridge.people = {}
  mock.timers.tick(5_000)
  await new Promise(resolve => socket.once('close', resolve))
})

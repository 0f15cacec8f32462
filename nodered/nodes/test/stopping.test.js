'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { EXECUTOR, aFlow, until } = require('../../test-support/flows')
const { refused } = require('../../test-support/bridge')
const { TRANSFER } = require('../../test-support/real')

const EXECUTE = '/api/workflow/execute'
const FILES = '/api/workflow/files'
const BUSY = { ...refused(503, 'unavailable', 'Later.'), headers: { 'retry-after': '30' } }

/**
 * Has an executor ask for something that it does not get an answer to yet.
 * @param {object} config
 * @param {(bridge: import('../../test-support/bridge').TestBridge) => void} prepare
 * @param {Partial<import('../../test-support/bridge').TestBridge>} [bridge]
 */
async function stoppedWhileAsking (config, prepare, bridge = {}) {
  const flow = await aFlow([{ ...EXECUTOR, ...config }], { endsAtOnce: false, ...bridge })
  /** @type {string[]} */
  const warnings = []
  flow.node('executor').warn = (/** @type {string} */ text) => warnings.push(text)
  prepare(flow.bridge)
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.requests('POST', EXECUTE).length)
  return { flow, warnings, stop: () => timed(flow.stop('executor')) }
}

/** @param {Promise<void>} deed @returns {Promise<number>} ms */
async function timed (deed) {
  const began = Date.now()
  await deed
  return Date.now() - began
}

/** Requests that only ask whether something was accepted. @param {any} bridge @returns {any[]} */
function questions (bridge) {
  return bridge.requests('POST', EXECUTE).filter((/** @type {any} */ asked) => asked.headers['if-match'])
}

test('a stopped node finds the execution whose acceptance it had not heard of yet, and cancels it', async () => {
  const { flow, warnings, stop } = await stoppedWhileAsking({ cancelOnStop: true }, () => {}, { acceptsAfter: 500 })
  assert.equal(flow.bridge.executions.size, 0)
  assert.ok(await stop() < 1_900)

  assert.deepEqual([...flow.bridge.executions.values()].map(one => one.status), ['cancelled'])
  const [first] = flow.bridge.requests('POST', EXECUTE)
  assert.ok(questions(flow.bridge).every(one => one.headers['idempotency-key'] === first.headers['idempotency-key']))
  assert.deepEqual([flow.caught, warnings], [[], []])
})

test('a stopped node that is not to cancel anything asks for nothing more', async () => {
  const { flow, stop } = await stoppedWhileAsking({ cancelOnStop: false }, () => {}, { acceptsAfter: 300 })
  assert.ok(await stop() < 250)
  await until(() => flow.bridge.executions.size)

  assert.equal(questions(flow.bridge).length, 0)
  assert.equal([...flow.bridge.executions.values()][0].status, 'running')
})

test('a stopped node never begins what was not accepted before', async () => {
  const { flow, warnings, stop } = await stoppedWhileAsking({ cancelOnStop: true }, bridge => {
    bridge.instead[`POST ${EXECUTE}`] = [BUSY]
  })
  assert.ok(await stop() < 1_900)

  assert.ok(questions(flow.bridge).length > 1)
  assert.deepEqual([flow.bridge.executions.size, warnings], [0, []])
})

test('a stopped node that can not find out what became of its request says so in the log', async () => {
  const { flow, warnings, stop } = await stoppedWhileAsking({ cancelOnStop: true }, () => {}, { acceptsAfter: 60_000 })
  await flow.bridge.stop()
  assert.ok(await stop() < 1_900)
  await flow.bridge.start()

  assert.equal(warnings.length, 1)
  assert.match(warnings[0], /not known whether that was begun and goes on; look under Executions/)
})

/** Sends a buffer of a message to targets. @param {Partial<import('../../test-support/bridge').TestBridge>} [bridge] */
async function aTransfer (bridge) {
  const flow = await aFlow([{ ...TRANSFER, path: '/tmp/app.bin' }], { endsAtOnce: false, ...bridge })
  flow.send('transfer', { targets: flow.bridge.targets, payload: Buffer.from('content') })
  return flow
}

test('the file of a message goes when the node is stopped while it is still being kept', async () => {
  const flow = await aTransfer({ acceptsAfter: 300 })
  await until(() => flow.bridge.requests('POST', FILES).length)
  await flow.stop('transfer')

  assert.equal(flow.bridge.requests('DELETE', FILES).length, 1)
  assert.deepEqual([flow.bridge.files.size, flow.bridge.executions.size], [0, 0])
})

test('the file of a message goes when the node is stopped before the transfer was begun', async () => {
  const flow = await aTransfer({ instead: { [`POST ${EXECUTE}`]: [BUSY] } })
  await until(() => flow.bridge.requests('POST', EXECUTE).length)
  assert.equal(flow.bridge.files.size, 1)
  await flow.stop('transfer')

  await until(() => flow.bridge.files.size === 0)
  assert.equal(flow.bridge.executions.size, 0)
})

test('the file of a message stays when the node is stopped after the transfer was begun', async () => {
  const flow = await aTransfer()
  await until(() => flow.bridge.executions.size)
  await flow.stop('transfer')
  assert.equal(flow.bridge.files.size, 1)
})

test('an execution that can not be cancelled is told in the log, and its file stays', async () => {
  const flow = await aFlow([{ ...TRANSFER, path: '/tmp/app.bin', cancelOnStop: true }], { endsAtOnce: false })
  /** @type {string[]} */
  const warnings = []
  flow.node('transfer').warn = (/** @type {string} */ text) => warnings.push(text)
  flow.send('transfer', { targets: flow.bridge.targets, payload: Buffer.from('content') })
  const { id } = await until(() => [...flow.bridge.executions.values()][0])
  await until(() => flow.bridge.requests('GET', '/api/workflow/').some(asked => asked.path.includes(id)))
  flow.bridge.instead[`POST /api/workflow/cancel/${id}`] = [refused(503, 'unavailable', 'The core is away.')]
  await flow.stop('transfer')

  assert.deepEqual(warnings, [`Stopped, but execution ${id} could not be cancelled: The core is away.`])
  assert.equal(flow.bridge.files.size, 1)
})

test('the file of a message stays, too, where the node had not heard yet that the transfer was accepted', async () => {
  const flow = await aTransfer({ acceptsAfter: 300 })
  await until(() => flow.bridge.requests('POST', EXECUTE).length)
  await flow.stop('transfer')
  assert.deepEqual([flow.bridge.files.size, flow.bridge.executions.size], [1, 1])
})

/**
 * Runs the nodes that tell something in a Node-RED for tests, against the real bridge, core and beat that tests/nodes starts
 * and tells about in the environment, and with a web server that takes notifications.
 */
'use strict'

const { createServer } = require('node:http')
const { afterEach } = require('node:test')
const helper = require('node-red-node-test-helper')
const audit = require('../nodes/opsconductor-audit-logger/opsconductor-audit-logger')
const notification = require('../nodes/opsconductor-notification/opsconductor-notification')
const { provide } = require('../nodes/lib/instance')

helper.init(require.resolve('node-red'))

const TAB = { id: 'tab', type: 'tab', label: 'Test' }
const NOTIFICATION = {
  id: 'node', type: 'opsconductor-notification', version: 1, name: 'tell', channels: [], title: 'Hello', titleType: 'str', body: '', bodyType: 'str',
  severity: 'info', wait: 30, continueOnFailure: false, wires: [['out'], ['bad']]
}
const AUDIT = {
  id: 'node', type: 'opsconductor-audit-logger', version: 1, name: 'note it', eventType: 'note', message: 'It was done', messageType: 'str', severity: 'info',
  data: '', dataType: 'none', wires: [['out']]
}

/**
 * @typedef {object} Facts
 * @property {{url: string, instanceToken: string}} access of the nodes
 * @property {Record<string, string>} losing addresses of the bridge where the first answer gets lost, by where it does
 * @property {{url: string, token: string}} core as its administrator sees it
 * @property {string} ticket of a designer in the editor
 */

/** @returns {Facts} */
function facts () {
  if (!process.env.OPSC_TEST_BACKEND) throw new Error('These tests are run by pytest: tests/nodes.')
  return JSON.parse(process.env.OPSC_TEST_BACKEND)
}

/** @type {(() => Promise<unknown> | void)[]} what is to be ended after a test, the last first */
const ends = []

afterEach(async () => { for (const end of ends.splice(0).reverse()) await end() })

/**
 * Sends messages through one node and returns what comes of them.
 * @param {object} node
 * @param {any | any[]} msgs
 * @param {string} [url] of the bridge
 * @returns {Promise<{out: any[], bad: any[], caught: any[], status: any}>}
 */
async function told (node, msgs = {}, url) {
  await started(node, url)
  const found = { out: /** @type {any[]} */ ([]), bad: /** @type {any[]} */ ([]), caught: /** @type {any[]} */ ([]), status: undefined }
  const all = [msgs].flat()
  const { promise, resolve } = Promise.withResolvers()
  for (const name of /** @type {const} */ (['out', 'bad', 'caught'])) {
    helper.getNode(name).on('input', (/** @type {any} */ one) => {
      found[name].push(one)
      if (found.out.length + found.bad.length + found.caught.length >= all.length) setTimeout(resolve, 100)
    })
  }
  const mine = helper.getNode('node')
  mine.status = (/** @type {any} */ status) => { found.status = status }
  for (const msg of all) mine.receive(msg)
  await promise
  return found
}

/** @param {object} node @param {string} [url] of the bridge */
async function started (node, url = facts().access.url) {
  ends.push(provide({ ...facts().access, url }), () => helper.unload())
  const listeners = ['out', 'bad', 'caught'].map(id => ({ id, type: 'helper', wires: [] }))
  const catching = { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] }
  const placed = [node, ...listeners, catching].map(one => ({ ...one, z: 'tab', x: 1, y: 1 }))
  await helper.load([notification, audit, require('@node-red/nodes/core/common/25-catch')], [TAB, ...placed])
}

/** Asks the core as its administrator. @param {string} path @param {object} [body] @returns {Promise<any>} */
async function askCore (path, body) {
  const { url, token } = facts().core
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v3${path}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) })
  const said = /** @type {any} */ (await answer.json())
  if (!answer.ok) throw new Error(JSON.stringify(said))
  return said
}

let number = 100

/**
 * Adds a channel that leads to a web server of its own, which answers with this status.
 * @param {number} status
 * @param {object} [more]
 */
async function aChannel (status, more = {}) {
  /** @type {any[]} */
  const received = []
  const server = createServer(async (req, res) => {
    let text = ''
    for await (const piece of req) text += piece
    received.push(JSON.parse(text))
    res.writeHead(status).end()
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  ends.push(() => { server.closeAllConnections(); server.close() })
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const webhook = { url: `http://127.0.0.1:${port}/`, signing_key: 'a key for these tests' }
  const name = `hook ${++number} of ${process.pid}`
  const channel = await askCore('/notification-channels', { name, kind: 'webhook', allow_private: true, webhook, ...more })
  return { id: channel.id, name: channel.name, received }
}

/** Asks what the dialogs ask, as the person in the editor. @param {string} path @param {object} [body] */
async function askDialog (path, body) {
  await started(NOTIFICATION)
  await new Promise(resolve => helper.startServer(() => resolve(undefined)))
  ends.push(() => new Promise(resolve => helper.stopServer(() => resolve(undefined))))
  const request = body ? helper.request().post(path).send(body) : helper.request().get(path)
  return request.set('x-opsc-session', facts().ticket)
}

module.exports = { AUDIT, NOTIFICATION, aChannel, askCore, askDialog, facts, told }

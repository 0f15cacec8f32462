/** Runs nodes in a Node-RED for tests, against a bridge for tests. */
'use strict'

const { afterEach } = require('node:test')
const helper = require('node-red-node-test-helper')
const executor = require('../nodes/opsconductor-command-executor/opsconductor-command-executor')
const selector = require('../nodes/opsconductor-target-selector/opsconductor-target-selector')
const { provide } = require('../nodes/lib/instance')
const { TestBridge } = require('./bridge')

helper.init(require.resolve('node-red'))

const TAB = { id: 'tab', type: 'tab', label: 'Test' }
const EXECUTOR = {
  id: 'executor', z: 'tab', type: 'opsconductor-command-executor', version: 1, command: 'hostname', commandType: 'str', timeout: 30, retryCount: 0,
  maxInFlight: 5, continueOnFailure: false, outputFormat: 'summary', cancelOnStop: false, wires: [['out'], ['bad']]
}
const SELECTOR = {
  id: 'selector', z: 'tab', type: 'opsconductor-target-selector', version: 1, targetFilter: {}, selectedTargets: [], missingTargets: 'error',
  outputFormat: 'array', wires: [['out']]
}

/** Closed after each test, however it ends. @type {Flow[]} */
const open = []

afterEach(async () => { for (const flow of open.splice(0)) await flow.close() })

/** Everything a test needs, and one `close` for all of it. */
class Flow {
  /** @type {any[]} messages of the first output */
  out = []
  /** @type {any[]} messages of the second output */
  bad = []
  /** @type {any[]} what a catch node gets */
  caught = []
  /** @type {any[]} */
  statuses = []

  /** @param {TestBridge} bridge @param {() => void} takeBack */
  constructor (bridge, takeBack) {
    this.bridge = bridge
    this.takeBack = takeBack
  }

  /** @param {string} id @returns {any} */
  node (id) {
    return helper.getNode(id)
  }

  /** @param {string} id @param {object} msg */
  send (id, msg) {
    this.node(id).receive(msg)
  }

  /** Stops one node, as a deploy does. @param {string} id */
  stop (id) {
    return this.node(id).close(false)
  }

  async close () {
    open.splice(0)
    await helper.unload()
    this.takeBack()
    await this.bridge.stop()
  }
}

/**
 * Starts a flow with these nodes (changes to a selector, an executor, or whole nodes).
 * @param {object[]} nodes
 * @param {Partial<TestBridge>} [bridge]
 */
async function aFlow (nodes, bridge = {}) {
  const stub = await Object.assign(new TestBridge(), bridge).start()
  const flow = new Flow(stub, provide(stub.access))
  open.push(flow)
  const listeners = [
    { id: 'out', type: 'helper', wires: [] },
    { id: 'bad', type: 'helper', wires: [] },
    { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] },
    { id: 'caught', type: 'helper', wires: [] }
  ]
  // What has no place on the canvas would be taken for a config node.
  const placed = [...nodes, ...listeners].map(node => ({ ...node, z: 'tab', x: 1, y: 1 }))
  const core = require('@node-red/nodes/core/common/25-catch')
  await helper.load([selector, executor, core], [TAB, ...placed])
  for (const name of /** @type {const} */ (['out', 'bad', 'caught'])) flow.node(name).on('input', (/** @type {any} */ msg) => flow[name].push(msg))
  for (const id of ['selector', 'executor']) {
    const node = flow.node(id)
    if (!node) continue
    const show = node.status
    node.status = (/** @type {any} */ status) => { flow.statuses.push(status); show.call(node, status) }
  }
  return flow
}

/**
 * Waits until something is so.
 * @template T
 * @param {() => T} look
 * @param {number} [within] ms
 * @returns {Promise<NonNullable<T>>}
 */
async function until (look, within = 20_000) {
  const end = Date.now() + within
  for (;;) {
    const found = look()
    if (found) return found
    if (Date.now() > end) throw new Error(`Not so within ${within} ms: ${look}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

module.exports = { EXECUTOR, SELECTOR, aFlow, until }

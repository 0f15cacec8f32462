/** Runs nodes in a Node-RED for tests, against a bridge for tests. */
'use strict'

const { readdirSync } = require('node:fs')
const { join } = require('node:path')
const { afterEach } = require('node:test')
const helper = require('node-red-node-test-helper')
const { provide } = require('../nodes/lib/instance')
const { TestBridge } = require('./bridge')

helper.init(require.resolve('node-red'))

const NODES = join(__dirname, '..', 'nodes')
const TYPES = readdirSync(NODES).filter(name => name.startsWith('opsconductor-')).map(name => require(join(NODES, name, name)))
const TAB = { id: 'tab', type: 'tab', label: 'Test' }
const EXECUTOR = {
  id: 'executor', z: 'tab', type: 'opsconductor-command-executor', version: 1, command: 'hostname', commandType: 'str', timeout: 30, retryCount: 0,
  maxInFlight: 5, continueOnFailure: false, outputFormat: 'summary', cancelOnStop: false, wires: [['out'], ['bad']]
}
const SELECTOR = {
  id: 'selector', z: 'tab', type: 'opsconductor-target-selector', version: 1, targetFilter: {}, selectedTargets: [], missingTargets: 'error',
  outputFormat: 'array', wires: [['out'], ['bad']]
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
  /** @type {any[]} messages of the third output */
  third = []
  /** @type {any[]} what a catch node gets */
  caught = []
  /** @type {any[]} */
  statuses = []

  /** @param {() => void | Promise<void>} end what else is to be ended with it */
  constructor (end) {
    this.end = end
  }

  /** @param {string} id @returns {any} */
  node (id) {
    return helper.getNode(id)
  }

  /** @param {string} id @param {object} msg */
  send (id, msg) {
    this.node(id).receive(msg)
  }

  /** Waits until something has arrived anywhere, and a moment longer for what comes with it. @param {number} [least] messages */
  async arrived (least = 1) {
    await until(() => this.out.length + this.bad.length + this.third.length + this.caught.length >= least, 50_000)
    await new Promise(resolve => setTimeout(resolve, 50))
  }

  /** Stops one node, as a deploy does. @param {string} id */
  stop (id) {
    return this.node(id).close(false)
  }

  async close () {
    open.splice(0)
    await helper.unload()
    await this.end()
  }
}

/**
 * Starts a flow with these nodes (changes to a selector, an executor, or whole nodes), against a bridge for tests.
 * @param {object[]} nodes
 * @param {Partial<TestBridge>} [changes]
 */
async function aFlow (nodes, changes = {}) {
  const bridge = await Object.assign(new TestBridge(), changes).start()
  const takeBack = provide(bridge.access)
  const flow = await started(nodes, async () => {
    takeBack()
    await bridge.stop()
  })
  return Object.assign(flow, { bridge })
}

/**
 * Starts a flow with these nodes, and some that listen: `out`, `bad` and `third` for outputs, and a catch node.
 * @param {any[]} nodes
 * @param {() => void | Promise<void>} end what else is to be ended with it
 * @param {((RED: any) => void)[]} [more] types of nodes
 */
async function started (nodes, end, more = []) {
  const flow = new Flow(end)
  open.push(flow)
  const listeners = [
    ...['out', 'bad', 'third', 'caught'].map(id => ({ id, type: 'helper', wires: [] })),
    { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] }
  ]
  // What has no place on the canvas would be taken for a config node.
  const placed = [...nodes, ...listeners].map(node => ({ ...node, z: 'tab', x: 1, y: 1 }))
  const core = require('@node-red/nodes/core/common/25-catch')
  await helper.load([...TYPES, ...more, core], [TAB, ...placed])
  for (const name of /** @type {const} */ (['out', 'bad', 'third', 'caught'])) {
    flow.node(name).on('input', (/** @type {any} */ msg) => flow[name].push(msg))
  }
  for (const { id } of nodes) {
    const node = flow.node(id)
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
 * @returns {Promise<NonNullable<Awaited<T>>>}
 */
async function until (look, within = 20_000) {
  const end = Date.now() + within
  for (;;) {
    const found = await look()
    if (found) return found
    if (Date.now() > end) throw new Error(`Not so within ${within} ms: ${look}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

module.exports = { EXECUTOR, SELECTOR, aFlow, started, until }

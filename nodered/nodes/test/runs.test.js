'use strict'

const assert = require('node:assert/strict')
const { afterEach, test } = require('node:test')
const helper = require('node-red-node-test-helper')
const { events, hooks } = require('@node-red/util')
const { TestBridge } = require('../../test-support/bridge')
const { until } = require('../../test-support/flows')
const { because } = require('../lib/cause')
const { provide } = require('../lib/instance')
const { Tracker } = require('../lib/tracker')
const plugin = require('../plugins/opsconductor-runs')

helper.init(require.resolve('node-red'))

const CORE = ['common/20-inject', 'common/25-catch', 'common/60-link', 'function/10-function', 'function/89-delay', 'sequence/17-split']
  .map(name => require(`@node-red/nodes/core/${name}`))
const TAB = { id: 'tab', type: 'tab', label: 'Test' }
const FUNCTION = { type: 'function', outputs: 1, noerr: 0, initialize: '', finalize: '', libs: [] }

/** @type {(() => Promise<void>)[]} */
const cleanUp = []

afterEach(async () => { for (const act of cleanUp.splice(0)) await act() })

/** Starts a flow with the plugin, and a bridge that remembers what it is told. @param {object[]} nodes */
async function aTrackedFlow (nodes) {
  const bridge = await new TestBridge().start()
  const takeBack = provide(bridge.access)
  cleanUp.push(async () => {
    hooks.clear()
    await helper.unload()
    await takeBack()
    await bridge.stop()
  })
  const placed = nodes.map(node => ({ x: 1, y: 1, z: 'tab', ...node }))
  /** @type {any} */
  let RED
  await helper.load([...CORE, (/** @type {any} */ given) => { RED = given }], [TAB, ...placed])
  // The helper gives plugins less than Node-RED does.
  plugin(/** @type {any} */ ({ ...RED, hooks, events, plugins: { registerPlugin () {} } }))
  return bridge
}

/** What is known of a run in the end. @param {TestBridge} bridge @param {(run: any) => boolean} [wanted] */
function ended (bridge, wanted = run => run.status !== 'running') {
  return until(() => [...bridge.runs.values()].find(wanted))
}

/** @param {any} run */
function steps (run) {
  return Object.fromEntries(run.steps.map((/** @type {any} */ step) => [step.node_id, [step.status, step.messages]]))
}

/** @param {string} id @param {object} msg */
function send (id, msg) {
  const node = /** @type {any} */ (helper.getNode(id))
  node.send(msg)
}

test('a run of core nodes alone is told with its steps', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', name: 'begin', wires: [['fn']] },
    { ...FUNCTION, id: 'fn', func: 'return { payload: 1 }', wires: [['out']] },
    { id: 'out', type: 'helper', wires: [] }
  ])
  send('in', { payload: 0 })

  const run = await ended(bridge)
  assert.deepEqual([run.status, run.flow_id, run.node_id, run.node_name, run.cause], ['completed', 'tab', 'in', 'begin', 'node'])
  assert.deepEqual(steps(run), { fn: ['completed', 1], out: ['completed', 1] })
  assert.ok(Date.parse(run.finished_at) >= Date.parse(run.started_at))
  assert.equal(bridge.runs.size, 1)
})

test('messages that were split belong to one run', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', wires: [['split']] },
    { id: 'split', type: 'split', splt: '\\n', spltType: 'str', arraySplt: 1, arraySpltType: 'len', stream: false, addname: '', wires: [['out']] },
    { id: 'out', type: 'helper', wires: [] }
  ])
  send('in', { payload: [1, 2, 3, 4] })

  const run = await ended(bridge)
  assert.deepEqual(steps(run), { split: ['completed', 1], out: ['completed', 4] })
  assert.equal(bridge.runs.size, 1)
})

test('a run goes on while a node holds its message', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', wires: [['delay']] },
    { id: 'delay', type: 'delay', pauseType: 'delay', timeout: '1200', timeoutUnits: 'milliseconds', outputs: 1, wires: [['out']] },
    { id: 'out', type: 'helper', wires: [] }
  ])
  send('in', {})

  const running = await ended(bridge, run => run.steps.length === 1)
  assert.deepEqual([running.status, steps(running)], ['running', { delay: ['running', 1] }])
  const run = await ended(bridge)
  assert.equal(run.status, 'completed')
  assert.ok(Date.parse(run.finished_at) - Date.parse(run.started_at) >= 1_000)
})

test('an error that nobody caught fails the run, one that a catch node took does not', async () => {
  const failing = { ...FUNCTION, id: 'fn', func: 'node.log("trying"); throw new Error("the disk is full")', wires: [[]] }
  const input = { id: 'in', type: 'helper', wires: [['fn']] }
  const first = await aTrackedFlow([input, failing])
  send('in', {})
  const failed = await ended(first)
  assert.deepEqual([failed.status, failed.error_node_id], ['failed', 'fn'])
  assert.match(failed.error_message, /the disk is full/)
  for (const act of cleanUp.splice(0)) await act()

  const second = await aTrackedFlow([
    input, failing,
    { id: 'catch', type: 'catch', scope: null, uncaught: false, wires: [['out']] },
    { id: 'out', type: 'helper', wires: [] }
  ])
  send('in', {})
  const caught = await ended(second)
  assert.deepEqual([caught.status, caught.error_message], ['completed', null])
  assert.deepEqual(steps(caught), { fn: ['failed', 1], catch: ['completed', 1], out: ['completed', 1] })
})

test('who pressed the button, or which request came, is told', async () => {
  const bridge = await aTrackedFlow([{ id: 'in', type: 'helper', wires: [['out']] }, { id: 'out', type: 'helper', wires: [] }])
  because({ cause: 'inject', by: 'olaf' }, () => send('in', {}))
  because({ cause: 'http', detail: 'POST /hooks/x' }, () => send('in', {}))

  const pressed = await ended(bridge, run => run.cause === 'inject')
  const asked = await ended(bridge, run => run.cause === 'http')
  assert.deepEqual([pressed.started_by, asked.cause_detail, asked.started_by], ['olaf', 'POST /hooks/x', null])
})

test('a run that somebody ends goes no further', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', wires: [['delay']] },
    { id: 'delay', type: 'delay', pauseType: 'delay', timeout: '1500', timeoutUnits: 'milliseconds', outputs: 1, wires: [['out']] },
    { id: 'out', type: 'helper', wires: [] }
  ])
  /** @type {any[]} */
  const arrived = []
  helper.getNode('out').on('input', (/** @type {any} */ msg) => arrived.push(msg))
  send('in', {})
  const { run_id: id } = await ended(bridge, run => run.steps.length === 1)
  await until(() => bridge.streams)
  bridge.endRun(id)

  const run = await ended(bridge)
  assert.equal(run.status, 'cancelled')
  await new Promise(resolve => setTimeout(resolve, 1_600))
  assert.deepEqual(arrived, [])
})

test('what a node tells as an error once its run was cancelled is cancelled, not failed', async () => {
  const bridge = await aTrackedFlow([{ id: 'in', type: 'helper', wires: [['out']] }, { id: 'out', type: 'helper', wires: [] }])
  /** @type {(error: Error) => void} */
  let tell = () => {}
  helper.getNode('out').on('input', (/** @type {any} */ _msg, /** @type {any} */ _send, /** @type {any} */ done) => { tell = done })
  send('in', {})
  const { run_id: id } = await ended(bridge, run => run.steps.length === 1)
  await until(() => bridge.streams)
  bridge.endRun(id)
  await ended(bridge)
  tell(new Error('The command failed on 1 of 1 targets (1 cancelled).'))

  const run = await ended(bridge, run => run.steps[0]?.finished_at)
  assert.deepEqual([run.status, run.error_message, run.error_node_id], ['cancelled', null, null])
  assert.deepEqual(steps(run), { out: ['cancelled', 1] })
})

test('a run whose node a deploy stopped is cancelled, and says so', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', wires: [['delay']] },
    { id: 'delay', type: 'delay', pauseType: 'delay', timeout: '60', timeoutUnits: 'seconds', outputs: 1, wires: [[]] }
  ])
  send('in', {})
  await ended(bridge, run => run.steps.length === 1)
  await helper.setFlows([TAB, { id: 'in', type: 'helper', z: 'tab', x: 1, y: 1, wires: [[]] }])

  const run = await ended(bridge)
  assert.deepEqual([run.status, run.error_message], ['cancelled', 'A deploy stopped the flow while this ran.'])
  assert.deepEqual(steps(run), { delay: ['completed', 1] })
})

test('what changes while a report is on its way waits for the next one, with others', async () => {
  const bridge = await aTrackedFlow([
    { id: 'first', func: 'return msg', ...FUNCTION, wires: [['in']] },
    { id: 'in', func: 'return msg', ...FUNCTION, wires: [[]] }
  ])
  const before = bridge.requests('PUT', '/api/nodered/runs').length
  const began = Date.now()
  for (let number = 0; number < 20; number++) {
    send('first', { payload: number })
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  await until(() => bridge.runs.size === 20 && [...bridge.runs.values()].every(run => run.status !== 'running'))
  const rounds = (Date.now() - began) / 500
  assert.ok(bridge.requests('PUT', '/api/nodered/runs').length - before <= rounds + 1)
})

test('what could not be told is told when the bridge is back', async () => {
  const bridge = await aTrackedFlow([{ id: 'in', type: 'helper', wires: [['out']] }, { id: 'out', type: 'helper', wires: [] }])
  await bridge.stop()
  send('in', {})
  await new Promise(resolve => setTimeout(resolve, 1_200))
  await bridge.start()

  assert.equal((await ended(bridge)).status, 'completed')
})

test('what Node-RED had when it was stopped is told as cancelled', async () => {
  const bridge = await aTrackedFlow([
    { id: 'in', type: 'helper', wires: [['delay']] },
    { id: 'delay', type: 'delay', pauseType: 'delay', timeout: '60', timeoutUnits: 'seconds', outputs: 1, wires: [[]] }
  ])
  send('in', {})
  await ended(bridge, run => run.steps.length === 1)
  await (cleanUp.splice(0)[0]?.())

  const [run] = bridge.runs.values()
  assert.deepEqual([run.status, run.error_message], ['cancelled', 'Node-RED was stopped.'])
})

test('names that PostgreSQL could not store are told without what it can not', async () => {
  /** @type {any} */
  let told
  const tracker = new Tracker(async reports => { told = reports; return { cancel: [] } })
  const node = /** @type {any} */ ({ id: 'n', type: 'function', name: 'a\0b\ud800', z: 'tab' })
  tracker.follow({ id: 'r', flow: 'tab' }, node)
  await tracker.close()

  assert.equal(told.runs[0].node_name, 'a\uFFFDb\uFFFD')
})

test('while nobody listens only the newest runs are kept, and the others are counted', async () => {
  let away = true
  /** @type {any[]} */
  const told = []
  const tracker = new Tracker(async reports => {
    if (away) throw new Error('away')
    told.push(reports)
    return { cancel: [] }
  })
  const node = /** @type {any} */ ({ id: 'n', type: 'function', z: 'tab' })
  for (let number = 0; number < 5_010; number++) tracker.follow({ id: `r${number}`, flow: 'tab' }, node)
  away = false
  await tracker.tell()
  await tracker.close()

  const ids = new Set(told.flatMap(({ runs }) => runs.map((/** @type {any} */ run) => run.run_id)))
  assert.ok(ids.has('r5009') && !ids.has('r0'))
  assert.equal(told[0].left_out, 10)
})

'use strict'

const assert = require('node:assert/strict')
const { randomUUID } = require('node:crypto')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { events, hooks } = require('@node-red/util')
const helper = require('node-red-node-test-helper')
const { until } = require('../../../test-support/flows')
const { COMMAND, WAIT, aRealFlow, askCore, facts, keptOf, waits } = require('../../../test-support/real')
const { AUDIT } = require('../../../test-support/reporting')
const plugin = require('../../plugins/opsconductor-runs')

const { folder, targets, gone } = facts()
let number = 0

/** A wait-for node of its own, so that tests do not meet each other's messages. @param {object} [config] @returns {typeof WAIT} */
function aWait (config = {}) {
  return { ...WAIT, id: `wait-${++number}`, ...config }
}

/** The execution that runs now, where one does. @returns {Promise<string | undefined>} */
async function runningNow () {
  const { items } = await askCore('/executions?status=running')
  return items[0]?.id
}

/** @param {number} ms */
function pause (ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

test('a message is held for the time, and forgotten once it went on', async () => {
  const node = aWait()
  const flow = await aRealFlow(node)
  const began = Date.now()
  flow.send(node.id, { payload: 1 })
  await until(async () => (await keptOf(node)).length === 1)
  await flow.arrived()

  assert.ok(Date.now() - began >= 1_000)
  assert.equal(flow.out[0].payload, 1)
  await until(async () => (await keptOf(node)).length === 0)
})

test('a message that was held goes on exactly once after a restart, as it was, in the same run', async () => {
  const node = aWait({ amount: '2' })
  const before = await aRealFlow(node)
  before.send(node.id, { payload: { text: 'ä', bytes: Buffer.from('raw') }, topic: 'kept', req: { url: '/' } })
  const { run_id: run } = await until(async () => (await keptOf(node))[0])
  await before.close()
  assert.deepEqual([before.out, before.caught], [[], []])

  const after = await aRealFlow(node)
  await after.arrived()
  await pause(500)
  assert.equal(after.out.length, 1)
  const [{ payload, topic, req, _opsc }] = after.out
  assert.deepEqual([payload, topic, req, _opsc.run], [{ text: 'ä', bytes: Buffer.from('raw') }, 'kept', undefined, run])
  await after.close()

  const last = await aRealFlow(node)
  await pause(500)
  assert.deepEqual(last.out, [])
})

test('time that goes by while Node-RED is away counts', async () => {
  const node = aWait()
  const before = await aRealFlow(node)
  before.send(node.id, {})
  await until(async () => (await keptOf(node)).length)
  await before.close()
  await pause(1_000)

  const began = Date.now()
  const after = await aRealFlow(node)
  await after.arrived()
  assert.ok(Date.now() - began < 1_000)
})

test('a message that another process is sending on waits for it, and goes on when that one has died', async () => {
  const node = aWait()
  const before = await aRealFlow(node)
  before.send(node.id, { payload: 1 })
  const { id } = await until(async () => (await keptOf(node))[0])
  await before.close()
  const claim = { method: 'POST', body: JSON.stringify({ seconds: 2 }) }
  assert.deepEqual(await waits(`/${id}/claim`, claim), { claimed: true, gone: false })
  assert.deepEqual(await waits(`/${id}/claim`, claim), { claimed: false, gone: false })

  const after = await aRealFlow(node)
  await pause(1_000)
  assert.equal(after.out.length, 0)
  await after.arrived()
  assert.equal(after.out[0].payload, 1)
  assert.deepEqual(await waits(`/${id}/claim`, claim), { claimed: false, gone: true })
})

test('an instant can come with the message, and what is none is an error', async () => {
  const node = aWait({ kind: 'until' })
  const flow = await aRealFlow(node)
  flow.send(node.id, { payload: new Date(Date.now() + 700).toISOString() })
  flow.send(node.id, { payload: 'soon' })
  await flow.arrived(2)

  assert.equal(flow.out.length, 1)
  assert.match(flow.caught[0].error.message, /"soon", which is no instant/)
  await until(async () => (await keptOf(node)).length === 0) // it is forgotten after it went on
})

test('the end of an execution is waited for over a restart, and tells its status', async () => {
  const node = aWait({ kind: 'execution' })
  const starts = { ...COMMAND, command: 'sleep 3', wires: [[], []] }
  const before = await aRealFlow(starts, node)
  before.send('executor', { targets: targets.slice(0, 1) })
  const id = await until(runningNow)
  before.send(node.id, { executionId: id })
  await until(async () => (await keptOf(node)).length)
  await before.close()

  const after = await aRealFlow(node)
  await after.arrived()
  assert.deepEqual([after.out[0].executionStatus, after.out[0].payload.counts], ['completed', { completed: 1 }])
})

test('an execution that does not end in time leaves by the second output', async () => {
  const node = aWait({ kind: 'execution', timeout: '1' })
  const flow = await aRealFlow({ ...COMMAND, command: 'sleep 4', wires: [[], []] }, node)
  flow.send('executor', { targets: targets.slice(0, 1) })
  const id = await until(runningNow)
  flow.send(node.id, { executionId: id })
  await flow.arrived()

  assert.deepEqual([flow.out.length, flow.bad[0].executionId], [0, id])
})

test('an execution that is not there is an error, and is not waited for again', async () => {
  const node = aWait({ kind: 'execution' })
  const flow = await aRealFlow(node)
  flow.send(node.id, { executionId: '01a00000-0000-7000-8000-000000000000' })
  await flow.arrived()

  assert.match(flow.caught[0].error.message, /no execution/)
  assert.deepEqual(await keptOf(node), [])
})

test('targets that can be signed in to go on, those that can not leave by the second output', async () => {
  const node = aWait({ kind: 'targets', timeout: '3' })
  const flow = await aRealFlow(node)
  flow.send(node.id, { targets: [...targets, gone] })
  await flow.arrived(2)

  assert.deepEqual([flow.out[0].targetCount, flow.bad[0].targetIds], [3, [gone.id]])
  assert.equal(flow.caught.length, 0)
})

test('a message that is too large to be held is an error that says so', async () => {
  const node = aWait()
  const flow = await aRealFlow(node)
  flow.send(node.id, { payload: 'x'.repeat(1_100_000) })
  await flow.arrived()

  assert.match(flow.caught[0].error.message, /too large to be held over a restart/)
})

/** Starts a flow as OpsConductor's own Node-RED does, which knows who hands a message to whom. @param {object[]} nodes */
async function aWholeFlow (...nodes) {
  const flow = await aRealFlow(...nodes)
  plugin(/** @type {any} */ ({ hooks, events, nodes: { getNode: (/** @type {string} */ id) => helper.getNode(id) }, plugins: { registerPlugin () {} } }))
  return flow
}

/**
 * Sends a message on twice, as a Node-RED does that was killed while it did.
 * @param {import('node:test').TestContext} t
 * @param {any} behind the node behind the one that held it
 * @returns {Promise<any[]>} the message of each time, as it left the node behind
 */
async function sentOnTwice (t, behind) {
  t.after(() => hooks.clear())
  const node = aWait({ wires: [[behind.id], []] })
  const first = await aWholeFlow(node, behind)
  first.send(node.id, { targets: targets.slice(0, 1) })
  const { id, state, run_id: run } = await until(async () => (await keptOf(node))[0])
  await first.arrived()
  await until(async () => (await keptOf(node)).length === 0)
  await first.close()
  hooks.clear()

  const later = { ...state, facts: { at: Date.now() + 1_000 } }
  const again = { flow_id: 'tab', node_id: node.id, run_id: run, run_flow_id: 'tab', state: later }
  await waits(`/${id}`, { method: 'PUT', body: JSON.stringify(again) }) // it was never noted that it went on
  const second = await aWholeFlow(node, behind)
  await second.arrived()
  return [first.out[0], second.out[0]]
}

test('a message that is sent on twice runs the command behind it once', async t => {
  const done = join(folder, 'done')
  const [first, second] = await sentOnTwice(t, { ...COMMAND, command: `echo once >> ${done}` })

  assert.equal(second.executionId, first.executionId)
  assert.equal(readFileSync(done, 'utf8'), 'once\n')
})

test('a message that is sent on twice has one entry of the audit log behind it', async t => {
  const [first, second] = await sentOnTwice(t, { ...AUDIT, id: 'audit', eventType: 'custom.sent.twice' })

  assert.equal(second.auditId, first.auditId)
  assert.equal((await askCore('/audit?action=flow.custom.sent.twice')).total, 1)
})

test('a message that is held over a deploy goes on once, in a run that completes', async t => {
  t.after(() => hooks.clear())
  const done = join(folder, 'deployed')
  const nodes = [aWait({ amount: '2', wires: [['executor'], []] }), { ...COMMAND, command: `echo once >> ${done}`, wires: [[], []] }]
  const flow = await aWholeFlow(...nodes)
  flow.send(nodes[0].id, { targets: targets.slice(0, 1) })
  const { run_id: run } = await until(async () => (await keptOf(nodes[0]))[0])
  const tab = { id: 'tab', type: 'tab', label: 'Deployed' }
  await helper.setFlows([tab, ...nodes.map(node => ({ ...node, x: 1, y: 2 }))])

  const ended = await until(async () => {
    const found = await askCore(`/workflow-executions/${run}`)
    return found.completed_at && found
  })
  assert.deepEqual([ended.status, ended.steps.map((/** @type {any} */ step) => step.messages)], ['completed', [1, 1]])
  assert.equal(readFileSync(done, 'utf8'), 'once\n')
})

test('a message that is handed from one node that holds it to the next is held by one of them', async t => {
  t.after(() => hooks.clear())
  const first = aWait({ amount: '0.2' })
  const second = aWait({ amount: '30' })
  const flow = await aWholeFlow({ ...first, wires: [[second.id], []] }, second)
  flow.send(first.id, { payload: 1 })
  await until(async () => (await keptOf(second)).length)

  assert.deepEqual([await keptOf(first), (await keptOf(second)).length], [[], 1])
})

test('all messages that a node held go on after a restart, however many they are', async () => {
  const node = aWait({ id: 'many', amount: '0' })
  const place = { flow_id: 'tab', node_id: node.id, run_flow_id: 'tab' }
  const some = Array.from({ length: 130 }, (_, number) => number) // more than the bridge tells at once
  await Promise.all(some.map(number => {
    const kept = { ...place, run_id: randomUUID(), state: { msg: { payload: number }, facts: { at: Date.now() } } }
    return waits(`/${randomUUID()}`, { method: 'PUT', body: JSON.stringify(kept) })
  }))
  const flow = await aRealFlow(node)

  await until(() => flow.out.length === some.length)
  assert.deepEqual(flow.out.map(msg => msg.payload).sort((one, other) => one - other), some)
  await until(async () => (await keptOf(node)).length === 0)
})

test('a node that is deleted forgets what it held', async () => {
  const node = aWait({ amount: '60' })
  const flow = await aRealFlow(node)
  flow.send(node.id, {})
  await until(async () => (await keptOf(node)).length)
  await flow.node(node.id).close(true)

  assert.deepEqual(await keptOf(node), [])
})

test('settings that can not be are refused with a sentence', async () => {
  const node = aWait({ amount: 'some' })
  const flow = await aRealFlow(node)
  flow.send(node.id, {})
  await flow.arrived()

  assert.match(flow.caught[0].error.message, /The time must be a number/)
})

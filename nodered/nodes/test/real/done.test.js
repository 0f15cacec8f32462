/**
 * Each of the eight nodes says once for each message that it is done with it, however that ends, and a node that is stopped while
 * it waits gives up its request at once. What stopped is not an error: nobody is there any more to tell.
 */
'use strict'

const assert = require('node:assert/strict')
const { join } = require('node:path')
const { afterEach, test } = require('node:test')
const { Done } = require('../../../test-support/done')
const { SELECTOR, started, until } = require('../../../test-support/flows')
const { HoldingWay } = require('../../../test-support/holding')
const { COMMAND, HEALTH, RESULTS, TRANSFER, WAIT, aRealFlow, askCore, facts, keptOf } = require('../../../test-support/real')
const { AUDIT, NOTIFICATION } = require('../../../test-support/reporting')
const { provide } = require('../../lib/instance')

const { access, folder, targets } = facts()
const TWO = targets.slice(0, 2)
const BUSY = targets[2]
const NOBODY = '01a00000-0000-7000-8000-000000000000'
const PAUSE = 200 // ms in which a second "done" would come

/**
 * @typedef {object} Case
 * @property {string} what
 * @property {any} node
 * @property {() => any} msg that works
 * @property {{node?: object, msg?: any, error?: RegExp}} nothing to do, by the node's settings or by the message
 * @property {object} wrong settings
 * @property {RegExp} waitsAt the request in which the node waits
 * @property {boolean} [runs] whether it has something run on targets, which can be cancelled
 */

/** @type {Case[]} */
const CASES = [
  {
    what: 'target selector',
    node: { ...SELECTOR, version: 2, nothingMatched: 'second' },
    msg: () => ({}),
    nothing: { node: { targetFilter: { tags: 'nobody-has-this' } } },
    wrong: { outputFormat: 'table' },
    waitsAt: /[/]targets[?]/
  },
  {
    what: 'command executor',
    node: COMMAND,
    msg: () => ({ targets: TWO }),
    nothing: { msg: { targets: [] }, error: /0 targets/ },
    wrong: { timeout: 'long' },
    waitsAt: /[/](results|state|events)/,
    runs: true
  },
  {
    what: 'file transfer',
    node: { ...TRANSFER, path: join(folder, 'done-once') },
    msg: () => ({ targets: TWO, payload: 'content' }),
    nothing: { msg: { targets: [], payload: 'content' }, error: /0 targets/ },
    wrong: { direction: 'sideways' },
    waitsAt: /[/](results|state|events)/,
    runs: true
  },
  {
    what: 'health check',
    node: HEALTH,
    msg: () => ({ targets: TWO }),
    nothing: { msg: { targets: [] }, error: /0 targets/ },
    wrong: { tcpPorts: 'db' },
    waitsAt: /[/](results|state|events)/,
    runs: true
  },
  {
    what: 'results',
    node: { ...RESULTS, wires: [['out'], ['bad']] },
    msg: () => ({ executionId: ended }),
    nothing: { msg: { results: [] } },
    wrong: { mode: 'sums' },
    waitsAt: /[/]results[/]/
  },
  {
    what: 'results with what was written',
    node: { ...RESULTS, mode: 'split', fetch: 'keep', wires: [['out']] },
    msg: () => ({ executionId: ended }),
    nothing: { msg: { results: [] } },
    wrong: { fetch: 'always' },
    waitsAt: /[/]outputs[/]/
  },
  {
    what: 'wait for targets',
    node: { ...WAIT, kind: 'targets' },
    msg: () => ({ targets: TWO }),
    nothing: { msg: { targets: [] }, error: /0 targets/ },
    wrong: { timeout: 'long' },
    waitsAt: /[/](results|state|events)/,
    runs: true
  },
  {
    what: 'wait for an execution',
    node: { ...WAIT, kind: 'execution' },
    msg: () => ({ executionId: ended }),
    nothing: { msg: { executionId: NOBODY }, error: /no execution/ },
    wrong: { kind: 'luck' },
    waitsAt: /[/](results|state|events)/
  },
  {
    what: 'notification',
    node: NOTIFICATION,
    msg: () => ({ notification: { channels: [inbox] } }),
    nothing: { error: /No channel is chosen/ },
    wrong: { title: '' },
    waitsAt: /[/]notify/
  },
  {
    what: 'audit logger',
    node: AUDIT,
    msg: () => ({}),
    nothing: { node: { message: 'payload', messageType: 'msg' }, error: /There is no message/ },
    wrong: { eventType: 'user.added' },
    waitsAt: /[/]audit$/
  }
]

/** Of a channel that delivers at once. */
let inbox = ''
/** An execution that has ended. */
let ended = ''
let number = 0

test.before(async () => {
  inbox = (await askCore('/notification-channels?q=Web app')).items[0].id
  const flow = await aRealFlow(COMMAND)
  flow.send('executor', { targets: TWO })
  await flow.arrived()
  ended = flow.out[0].executionId
  await flow.close()
})

/** @type {Done | undefined} */
let counted

afterEach(() => counted?.end())

/**
 * Starts a node of its own, whose messages are counted; so that durable ones do not meet each other's messages.
 * @param {Pick<Case, 'node'>} one
 * @param {object} [change]
 * @param {{url: string, instanceToken: string}} [to]
 */
async function counting ({ node }, change = {}, to = access) {
  const mine = { ...node, ...change, id: `counted-${++number}` }
  const done = counted = new Done(mine.type)
  const flow = await started([mine], provide(to))
  return { done, flow, id: mine.id, settled: () => until(() => done.times.length && done.times.every(Boolean)).then(() => pause(PAUSE)) }
}

/** @param {number} ms */
function pause (ms) {
  return new Promise(resolve => setTimeout(resolve, ms))
}

for (const one of CASES) {
  test(`${one.what}: done once with each message that goes on`, async () => {
    const { done, flow, id, settled } = await counting(one)
    for (let n = 0; n < 3; n++) flow.send(id, one.msg())
    await settled()

    assert.deepEqual([done.times, done.errors], [[1, 1, 1], []])
    assert.equal(flow.out.length + flow.bad.length + flow.third.length > 0, true)
  })

  test(`${one.what}: done once where there is nothing to do`, async () => {
    const { done, flow, id, settled } = await counting(one, one.nothing.node)
    flow.send(id, { ...one.nothing.msg })
    await settled()

    assert.deepEqual(done.times, [1])
    assert.match(done.errors[0] ?? '', one.nothing.error ?? /^$/)
    assert.equal(flow.caught.length, one.nothing.error ? 1 : 0)
  })

  test(`${one.what}: done once, with the error, where its settings are wrong`, async () => {
    const { done, flow, id, settled } = await counting(one, one.wrong)
    flow.send(id, one.msg())
    await settled()

    assert.deepEqual([done.times, done.errors.length, flow.caught.length, flow.out.length], [[1], 1, 1, 0])
  })

  test(`${one.what}: done once, with the error, where the bridge refuses`, async () => {
    const { done, flow, id, settled } = await counting(one, {}, { ...access, instanceToken: 'of nobody' })
    flow.send(id, one.msg())
    await settled()

    assert.deepEqual([done.times, done.errors.length, flow.caught.length, flow.out.length], [[1], 1, 1, 0])
  })

  test(`${one.what}: stopped while it waits, it gives up its request at once, in silence, done once with each message`, async t => {
    await assertItStopsInSilence(t, one)
  })
}

test('notification: the same while it waits for what becomes of it', async t => {
  const webhook = { url: 'https://127.0.0.1:1/', signing_key: 'a key for these tests' } // beat would send to it; it is not here
  const channel = await askCore('/notification-channels', { method: 'POST', body: { name: 'pending', kind: 'webhook', allow_private: true, webhook } })
  const waiting = { ...NOTIFICATION, channels: [channel.id] }
  await assertItStopsInSilence(t, { node: waiting, msg: () => ({}), waitsAt: /[/]notifications[/]/ })
})

/**
 * Sends two messages to a node that works on one at a time, and stops it while it waits for an answer.
 * @param {import('node:test').TestContext} t
 * @param {Pick<Case, 'node' | 'msg' | 'waitsAt'>} one
 */
async function assertItStopsInSilence (t, one) {
  const way = new HoldingWay(access.url, one.waitsAt)
  t.after(() => way.stop())
  const { done, flow, id } = await counting(one, { maxInFlight: 1 }, { ...access, url: await way.start() })
  for (let n = 0; n < 2; n++) flow.send(id, one.msg())
  await until(() => way.held.some(path => !path.includes('/events')))
  assert.deepEqual(done.times, [0, 0])
  const began = Date.now()
  await flow.stop(id)

  assert.ok(Date.now() - began < 1_000)
  await until(() => way.held.every(path => path.includes('/events')))
  await pause(PAUSE)
  assert.deepEqual([done.times, done.errors], [[1, 1], []])
  assert.deepEqual([flow.out, flow.bad, flow.third, flow.caught], [[], [], [], []])
  assert.deepEqual(flow.statuses.at(-1), {})
}

for (const one of CASES.filter(({ runs }) => runs)) {
  test(`${one.what}: done once where what it runs is cancelled`, async t => {
    await occupied(t)
    const { done, flow, id, settled } = await counting(one)
    flow.send(id, { ...one.msg(), targets: [BUSY] })
    const { id: mine } = await until(async () => (await askCore('/executions?status=scheduled')).items[0])
    await askCore(`/executions/${mine}/cancel`, { method: 'POST' })
    await settled()

    assert.deepEqual(done.times, [1])
    assert.equal((await askCore(`/executions/${mine}`)).status, 'cancelled')
  })
}

test('wait for a time: stopped while it waits, it is done once, in silence', async () => {
  const { done, flow, id } = await counting({ node: { ...WAIT, amount: '60' } })
  flow.send(id, {})
  await until(() => flow.statuses.some(({ text }) => text?.startsWith('until ')))
  await flow.stop(id)
  await pause(PAUSE)

  assert.deepEqual([done.times, done.errors, flow.out], [[1], [], []])
})

test('a message that comes while it is asked for those from before a restart is not taken for one of them', async t => {
  const way = new HoldingWay(access.url, /[/]waits[?]/)
  t.after(() => way.stop())
  const { done, flow, id } = await counting({ node: WAIT }, {}, { ...access, url: await way.start() })
  await until(() => way.held.length)
  flow.send(id, {})
  await until(async () => (await keptOf({ id })).length)
  way.release()
  await flow.arrived()
  await pause(PAUSE)

  assert.deepEqual([done.times, flow.out.length], [[1], 1])
})

/** Has the third target do something else, and nothing beside it; what comes has to wait. @param {import('node:test').TestContext} t */
async function occupied (t) {
  await askCore(`/targets/${BUSY.id}`, { method: 'PATCH', body: { max_parallel: 1 } })
  const actions = [{ action_type: 'command', action_parameters: { command: 'sleep 60' } }]
  const { id } = await askCore('/executions', { method: 'POST', body: { target_ids: [BUSY.id], actions } })
  await until(async () => (await askCore(`/executions/${id}`)).status === 'running')
  t.after(async () => {
    await askCore(`/executions/${id}/cancel`, { method: 'POST' })
    await askCore(`/targets/${BUSY.id}`, { method: 'PATCH', body: { max_parallel: null } })
    await askCore(`/executions/${id}?wait=20`)
  })
}

test('a node that says twice that it is done, or never, is found out', async () => {
  const twice = (/** @type {any} */ RED) => RED.nodes.registerType('says-twice', /** @this {any} @param {any} config */ function (config) {
    RED.nodes.createNode(this, config)
    this.on('input', (/** @type {any} */ msg, /** @type {any} */ _send, /** @type {(error?: Error) => void} */ done) => {
      for (let n = 0; n < msg.times; n++) done(n ? new Error('again') : undefined)
    })
  })
  const done = counted = new Done('says-twice')
  const flow = await started([{ id: 'twice', type: 'says-twice', wires: [] }], provide(access), [twice])
  for (const times of [2, 0, 1]) flow.send('twice', { times })

  assert.deepEqual([done.times, done.errors], [[2, 0, 1], ['again']])
})

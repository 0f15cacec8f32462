'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { SELECTOR, aFlow, until } = require('../../test-support/flows')

/** Sends one message through a selector and returns what comes of it. @param {object} config @param {any} [msg] */
async function selected (config, msg = {}, change = (/** @type {any} */ _bridge) => {}) {
  const flow = await aFlow([{ ...SELECTOR, ...config }])
  try {
    change(flow.bridge)
    const wanted = typeof msg === 'function' ? msg(flow.bridge) : msg
    flow.send('selector', wanted)
    await until(() => flow.out.length + flow.caught.length)
    return { msg: flow.out[0], error: flow.caught[0]?.error.message, bridge: flow.bridge, statuses: [...flow.statuses] }
  } finally {
    await flow.close()
  }
}

test('a selector gives all targets, their ids and their number', async () => {
  const { msg, bridge, statuses } = await selected({})

  assert.deepEqual(msg.targets, bridge.targets)
  assert.deepEqual(msg.payload, bridge.targets)
  assert.deepEqual(msg.targetIds, bridge.targets.map(target => target.id))
  assert.equal(msg.targetCount, 3)
  assert.deepEqual(statuses.at(-1), { fill: 'green', shape: 'dot', text: '3 targets' })
})

test('the payload has the chosen form', async () => {
  assert.deepEqual((await selected({ outputFormat: 'names' })).msg.payload, ['web-1', 'web-2', 'win-1'])
  const { msg, bridge } = await selected({ outputFormat: 'ids' })
  assert.deepEqual(msg.payload, bridge.targets.map(target => target.id))
  const { payload } = (await selected({ outputFormat: 'detailed', targetFilter: { osType: 'linux' } })).msg
  assert.deepEqual(Object.keys(payload), ['targets', 'count', 'filters_applied', 'timestamp'])
  assert.equal(payload.count, 2)
  assert.deepEqual(payload.filters_applied, { os_type: 'linux' })
})

test('B12: a key of the message counts more than the one of the node', async () => {
  const { bridge } = await selected({ targetFilter: { osType: 'linux', status: 'active' } }, { targetFilter: { osType: 'windows' } })
  const [asked] = bridge.requests('GET', '/api/workflow/targets')
  assert.equal(asked.query.toString(), 'os_type=windows&status=active')
})

test('B12: an unknown key in a filter is an error and selects nothing', async () => {
  const { error, bridge } = await selected({}, { targetFilter: { os: 'linux' } })
  assert.match(error, /unknown key "os"/)
  assert.equal(bridge.requests('GET', '/api/workflow/targets').length, 0)
})

test('ticked targets are selected, and one that only does not match the filter is not missing', async () => {
  const flow = await aFlow([SELECTOR])
  const [first, , windows] = flow.bridge.targets
  await flow.close()
  const { msg, error } = await selected({ selectedTargets: [first.id, windows.id], targetFilter: { osType: 'linux' } }, {}, bridge => {
    bridge.targets = [first, windows]
  })
  assert.equal(error, undefined)
  assert.deepEqual(msg.targetIds, [first.id])
})

test('B13: a ticked target that is gone is an error, or is reported', async () => {
  assert.match((await selected({ selectedTargets: ['gone'] })).error, /1 selected targets do not exist any more: gone/)
  const { msg } = await selected({ selectedTargets: ['gone'], missingTargets: 'report' })
  assert.deepEqual(msg.missingTargets, ['gone'])
  assert.equal(msg.targetCount, 0)
})

test('B2: a selector without a version works: it has no filter and no format', async () => {
  const { id, z, type, wires } = SELECTOR
  const flow = await aFlow([{ id, z, type, wires }])
  flow.send('selector', {})
  await until(() => flow.out.length)
  assert.equal(flow.out[0].payload.length, 3)
  await flow.close()
})

test('B18: requests carry a run token and the tab that executes, the message only the id of its run', async () => {
  const { msg, bridge } = await selected({})
  const [auth] = bridge.requests('POST', '/api/workflow/auth')
  const [asked] = bridge.requests('GET', '/api/workflow/targets')
  assert.deepEqual(auth.body, { flow_id: 'tab', run_id: msg._opsc.run })
  assert.match(asked.token, /^run-token-/)
  assert.equal(asked.headers['x-opsconductor-flow'], 'tab')
  assert.deepEqual(Object.keys(msg._opsc), ['run'])
})

test('runs of one flow share a token, whose owner is the same', async () => {
  const flow = await aFlow([SELECTOR])
  for (const number of [1, 2, 3]) flow.send('selector', { _msgid: `m${number}` })
  await until(() => flow.out.length === 3)
  assert.equal(new Set(flow.out.map(msg => msg._opsc.run)).size, 3)
  assert.equal(flow.bridge.requests('POST', '/api/workflow/auth').length, 1)
  await flow.close()
})

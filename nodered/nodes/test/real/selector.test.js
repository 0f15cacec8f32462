'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { SELECTOR } = require('../../../test-support/flows')
const { aRealFlow, facts } = require('../../../test-support/real')

const { targets, many } = facts()

/** Sends one message through a selector and returns what comes of it. @param {object} config @param {object} [msg] */
async function selected (config, msg = {}) {
  const flow = await aRealFlow({ ...SELECTOR, version: 2, nothingMatched: 'error', ...config })
  flow.send('selector', msg)
  await flow.arrived()
  const found = { msg: flow.out[0], bad: flow.bad[0], error: flow.caught[0]?.error.message }
  await flow.close()
  return found
}

/** @param {any} msg */
function names (msg) {
  return msg.targets.map((/** @type {any} */ target) => target.name)
}

test('B14: all targets come, not a page of them', async () => {
  const { msg } = await selected({ targetFilter: { environment: 'many' } })
  assert.deepEqual([msg.targetCount, msg.targetIds.length], [many.length, many.length])
})

test('a group of tags selects the targets that have all of them', async () => {
  assert.deepEqual(names((await selected({ targetFilter: { tags: 'web' } })).msg), ['target-1', 'target-2'])
  assert.deepEqual(names((await selected({ targetFilter: { tags: 'Web, eu' } })).msg), ['target-1'])
  assert.deepEqual(names((await selected({ targetFilter: { tags: 'web' } }, { targetFilter: { tags: ['eu', 'db'] } })).msg), ['target-3'])
})

test('B12: an unknown key, or a value that can not be, selects nothing', async () => {
  assert.match((await selected({}, { targetFilter: { tag: 'web' } })).error, /unknown key "tag"/)
  assert.match((await selected({}, { targetFilter: { tags: 7 } })).error, /7 for tags/)
})

test('where nothing matches, the message is an error, goes out of the second output, or has 0 targets', async () => {
  const targetFilter = { tags: 'nobody-has-this' }
  assert.match((await selected({ targetFilter })).error, /No target matches tags nobody-has-this/)
  const second = await selected({ targetFilter, nothingMatched: 'second' }, { topic: 'kept' })
  assert.deepEqual([second.msg, second.bad.targetCount, second.bad.topic], [undefined, 0, 'kept'])
  const empty = await selected({ targetFilter, nothingMatched: 'empty' })
  assert.deepEqual([empty.bad, empty.msg.targetIds], [undefined, []])
})

test('B13: a picked target that is gone is told by its id', async () => {
  const absent = '00000000-0000-4000-8000-000000000000'
  assert.match((await selected({ selectedTargets: [targets[0].id, absent] })).error, new RegExp(`do not exist any more: ${absent}`))
})

test('B12: each key of the message counts more than the node, in either spelling, and nothing takes a key away', async () => {
  const here = { osType: 'linux', tags: 'web' }
  assert.deepEqual(names((await selected({ targetFilter: here })).msg), ['target-1', 'target-2'])
  assert.deepEqual(names((await selected({ targetFilter: here }, { targetFilter: { tags: 'db' } })).msg), ['target-3'])
  assert.match((await selected({ targetFilter: here }, { targetFilter: { os_type: 'windows' } })).error, /os_type windows, tags web/)
  assert.match((await selected({ targetFilter: here }, { targetFilter: { osType: 'windows' } })).error, /os_type windows, tags web/)
  const windows = { targetFilter: { osType: 'windows', tags: 'web' } }
  assert.deepEqual(names((await selected(windows, { targetFilter: { os_type: '' } })).msg), ['target-1', 'target-2'])
  const elsewhere = { targetFilter: { environment: 'many', tags: 'web' } }
  assert.deepEqual(names((await selected(elsewhere, { targetFilter: { environment: null } })).msg), ['target-1', 'target-2'])
  assert.match((await selected({ targetFilter: here }, { targetFilter: { status: 'maintenance' } })).error, /status maintenance/)
})

test('the payload has each form of the contract, and the message the same targets whatever the form', async () => {
  const wanted = targets.slice(0, 2)
  const targetFilter = { tags: 'web' }
  /** @param {string} outputFormat */
  const said = async outputFormat => (await selected({ targetFilter, outputFormat })).msg
  const array = await said('array')
  const ids = await said('ids')
  const namesOnly = await said('names')
  const detailed = await said('detailed')

  for (const msg of [array, ids, namesOnly, detailed]) {
    assert.deepEqual([msg.targetCount, msg.targetIds, names(msg)], [2, wanted.map(one => one.id), wanted.map(one => one.name)])
  }
  assert.deepEqual(array.payload, array.targets)
  for (const key of ['id', 'name', 'os_type', 'environment', 'status', 'tags']) assert.ok(key in array.payload[0], key)
  assert.deepEqual([ids.payload, namesOnly.payload], [wanted.map(one => one.id), wanted.map(one => one.name)])
  const { timestamp, ...rest } = detailed.payload
  assert.deepEqual(rest, { targets: detailed.targets, count: 2, filters_applied: { tags: 'web' } })
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000)
})

test('picked targets are selected among those that match; one that only does not match is not missing', async () => {
  const selectedTargets = [targets[0].id, targets[2].id]
  assert.deepEqual(names((await selected({ selectedTargets })).msg), ['target-1', 'target-3'])
  const { msg, error } = await selected({ selectedTargets, targetFilter: { tags: 'web' } })
  assert.deepEqual([names(msg), msg.missingTargets, error], [['target-1'], undefined, undefined])
})

test('B13: with "report", what is picked and gone is told in the message, and the others go on', async () => {
  const absent = '00000000-0000-4000-8000-000000000000'
  const { msg, error } = await selected({ selectedTargets: [targets[1].id, absent], missingTargets: 'report' })
  assert.deepEqual([names(msg), msg.missingTargets, error], [['target-2'], [absent], undefined])
})

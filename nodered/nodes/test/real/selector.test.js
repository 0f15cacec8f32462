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

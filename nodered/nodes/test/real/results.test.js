'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { until } = require('../../../test-support/flows')
const { COMMAND, RESULTS, aRealFlow, facts } = require('../../../test-support/real')

const { targets, gone } = facts()
const SAYS = { command: 'case $OPSCONDUCTOR_DEMO_TARGET in *3) echo odd; exit 4 ;; *) echo even ;; esac', continueOnFailure: true }

/** Runs a command that ends in different ways and sends what comes of it through a results node. @param {object} config @param {object} [executor] */
async function told (config, executor = {}) {
  const flow = await aRealFlow({ ...COMMAND, ...SAYS, ...executor, wires: [['results'], []] }, { ...RESULTS, ...config })
  flow.send('executor', { targets: [...targets, gone], topic: 'kept' })
  await flow.arrived()
  const found = { out: [...flow.out], bad: flow.bad[0], third: flow.third[0], error: flow.caught[0]?.error.message }
  await flow.close()
  return found
}

test('rules send each result out of the first output that fits, and the rest out of the last', async () => {
  const rules = [{ property: 'status', operator: 'is', value: 'success' }, { property: 'exit_code', operator: 'gt', value: '2' }]
  const { out, bad, third } = await told({ rules })
  assert.deepEqual([out[0].targetCount, bad.targetCount, third.targetCount], [2, 1, 1])
  assert.deepEqual([bad.results[0].exit_code, third.targetIds, out[0].topic], [4, [gone.id], 'kept'])
  assert.equal(out[0].successfulTargets, undefined)
})

test('a rule looks at what was written, which is fetched where the message has handles', async () => {
  const rules = [{ property: 'output', operator: 'matches', value: '^odd$' }, { property: 'error', operator: 'contains', value: 'x' }]
  const { out, third } = await told({ rules, fetch: 'decide' }, { outputsInMessage: 'never' })
  assert.deepEqual([out[0].results[0].exit_code, third.targetCount], [4, 3])
  assert.equal(out[0].results[0].output_text, undefined)
  const kept = await told({ rules, fetch: 'keep' }, { outputsInMessage: 'never' })
  assert.equal(kept.out[0].results[0].output_text, 'odd\n')
  assert.match((await told({ rules }, { outputsInMessage: 'never' })).error, /no outputs, only handles/)
})

test('target by target, each result is a message that a join node can put together again', async () => {
  const { out } = await told({ mode: 'split' })
  assert.deepEqual(out.map(msg => [msg.parts.index, msg.parts.count, msg.targetCount]), [[0, 4, 1], [1, 4, 1], [2, 4, 1], [3, 4, 1]])
  assert.equal(new Set(out.map(msg => msg.parts.id)).size, 1)
  assert.equal(out.find(msg => msg.payload.exit_code === 4).payload.output_text, 'odd\n')
})

test('results that are alike are one group, the largest first, by hashes alone', async () => {
  const { out } = await told({ mode: 'groups' }, { outputsInMessage: 'never' })
  assert.deepEqual(out.map(msg => [msg.payload.count, msg.payload.total_targets]).slice(0, 1), [[2, 4]])
  assert.deepEqual(out[0].payload.target_names, ['target-1', 'target-2'])
  assert.equal(out.length, 3)
  const fetched = await told({ mode: 'groups', fetch: 'keep' }, { outputsInMessage: 'never' })
  assert.equal(fetched.out[0].payload.output, 'even\n')
})

test('an execution is enough: its results are fetched', async () => {
  const first = await aRealFlow(COMMAND)
  first.send('executor', { targets })
  const { executionId } = await until(() => first.out[0])
  await first.close()
  const flow = await aRealFlow({ ...RESULTS, mode: 'split', fetch: 'keep' })
  flow.send('results', { executionId })
  await until(() => flow.out.length === 3)
  assert.deepEqual(flow.out.map(msg => msg.payload.output_text), ['hello\n', 'hello\n', 'hello\n'])
  await flow.close()
})

test('a message without results, and rules that can not be, are errors', async () => {
  const flow = await aRealFlow(RESULTS)
  flow.send('results', { payload: 1 })
  assert.match((await until(() => flow.caught[0])).error.message, /neither results nor an executionId/)
  await flow.close()
  const rule = { property: 'output', operator: 'matches', value: '(' }
  assert.match((await told({ rules: [rule] })).error, /pattern can't be used/)
  assert.match((await told({ rules: [{ ...rule, property: 'exit_code', operator: 'eq', value: 'one' }] })).error, /exit code of a rule must be/)
  assert.match((await told({ rules: [] })).error, /at least one rule/)
})

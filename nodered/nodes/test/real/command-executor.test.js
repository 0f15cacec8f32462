'use strict'

const assert = require('node:assert/strict')
const { existsSync, mkdtempSync, readFileSync, rmSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { test } = require('node:test')
const { started, until } = require('../../../test-support/flows')
const { HoldingWay } = require('../../../test-support/holding')
const { COMMAND, aRealFlow, askCore, facts } = require('../../../test-support/real')
const { provide } = require('../../lib/instance')

const { targets, gone, many, script } = facts()
const FREEZE = {
  name: 'Freeze of a test', kind: 'blackout', time_zone: 'UTC', scope: 'targets', target_ids: [targets[0].id],
  windows: [{ type: 'weekly', weekdays: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], start: '00:00', minutes: 1440 }]
}

/** Sends one message through an executor and returns what comes of it. @param {object} config @param {object} [msg] */
async function ran (config, msg = {}) {
  const flow = await aRealFlow({ ...COMMAND, ...config })
  flow.send('executor', { targets, ...msg })
  await flow.arrived()
  const found = { msg: flow.out[0], bad: flow.bad[0], error: flow.caught[0]?.error.message, caught: flow.caught, statuses: [...flow.statuses] }
  await flow.close()
  return found
}

test('B1: the message goes on when all targets have ended, not after the first one', async () => {
  const began = Date.now()
  const { msg } = await ran({ command: 'case $OPSCONDUCTOR_DEMO_TARGET in *1) ;; *) sleep 2 ;; esac; echo $OPSCONDUCTOR_DEMO_TARGET' })

  assert.ok(Date.now() - began >= 2_000)
  assert.deepEqual(msg.results.map((/** @type {any} */ result) => result.output_text), ['target-1\n', 'target-2\n', 'target-3\n'])
  assert.deepEqual(msg.payload.counts, { completed: 3 })
})

test('B4, B10: one failed target of 201 goes out of the second output, the others out of the first, counted by status', async () => {
  const { msg, bad, caught, statuses } = await ran({ command: 'true', parallelism: 30, timeout: 50 }, { targets: many })

  assert.equal(msg.targetCount, 200)
  assert.deepEqual(bad.targetIds, [many[200].id])
  assert.deepEqual(msg.payload.counts, { completed: 200, unreachable: 1 })
  assert.equal(msg.payload.success_rate, '99.5%')
  assert.equal(caught.length, 1) // B3: a catch node hears of it once
  assert.deepEqual(statuses.at(-1), { fill: 'red', shape: 'ring', text: '1 of 201 failed' })
  // Above 200 targets the message has handles.
  const { output_bytes: bytes, execution_id: id } = msg.results[0]
  assert.deepEqual([bytes, id], [0, msg.executionId])
  assert.ok(msg.results.every((/** @type {any} */ result) => !('output_text' in result)))
})

test('what does no harm twice is tried again after a failure, and everything else is not', async () => {
  const flags = mkdtempSync(join(tmpdir(), 'retries-'))
  const command = (/** @type {string} */ name) => `f=${flags}/${name}$OPSCONDUCTOR_DEMO_TARGET; test -e $f || { touch $f; exit 1; }`
  try {
    const again = await ran({ command: command('again'), retryCount: 1, idempotent: true })
    const once = await ran({ command: command('once'), retryCount: 1 })
    assert.deepEqual(again.msg.payload.counts, { completed: 3 })
    assert.deepEqual(once.bad.payload.counts, { failed: 3 })
  } finally {
    rmSync(flags, { recursive: true })
  }
})

test('the status under the node counts the targets that have ended, while it runs', async () => {
  const flow = await aRealFlow({ ...COMMAND, command: 'command', commandType: 'msg' })
  flow.send('executor', { targets, command: 'true' }) // from here on the stream of events is heard
  await flow.arrived()
  flow.send('executor', { targets, command: 'case $OPSCONDUCTOR_DEMO_TARGET in *1) ;; *2) sleep 2 ;; *) sleep 4 ;; esac' })
  await until(() => flow.out.length === 2)
  const statuses = flow.statuses.slice(flow.statuses.findIndex(({ text }) => text === 'ok 3/3') + 1)
  await flow.close()

  const counted = statuses.map(({ text }) => /running (\d)\/3/.exec(text ?? '')?.[1]).filter(Boolean)
  assert.deepEqual([...new Set(counted)], ['0', '1', '2'])
})

test('B5: the end of a short command is known long before 5 s', async () => {
  const began = Date.now()
  await ran({})
  assert.ok(Date.now() - began < 4_000)
})

test('B6: what the core refuses is final at once, with its sentence', async () => {
  const began = Date.now()
  const { error } = await ran({}, { targets: ['00000000-0000-4000-8000-000000000000'] })
  assert.match(error, /target/)
  assert.ok(Date.now() - began < 5_000)
})

test('outside of a window, a command is an error once with the sentence of why, durable or not, and is not tried again', async () => {
  const { total: before } = await askCore('/executions?limit=1')
  const freeze = await askCore('/calendars', { method: 'POST', body: FREEZE })
  const began = Date.now()
  try {
    for (const config of [{}, { id: 'frozen', durable: true }]) {
      const flow = await aRealFlow({ ...COMMAND, ...config })
      flow.send(config.id ?? 'executor', { targets, topic: 'kept' })
      await flow.arrived()
      assert.deepEqual([flow.out, flow.bad, flow.caught.length], [[], [], 1])
      assert.match(flow.caught[0].error.message, /Nothing may begin now on 1 of 3 targets \(target-1\): closed by "Freeze of a test"\. No time/)
      assert.equal(flow.caught[0].topic, 'kept')
      assert.ok(!flow.statuses.some(status => /trying again|waiting/.test(status.text)))
      assert.equal(flow.statuses.at(-1).fill, 'red')
      await flow.close()
    }
  } finally {
    await askCore(`/calendars/${freeze.id}`, { method: 'DELETE' })
  }
  assert.ok(Date.now() - began < 10_000)
  assert.equal((await askCore('/executions?limit=1')).total, before)
  const again = await aRealFlow({ ...COMMAND, id: 'frozen', durable: true })
  await new Promise(resolve => setTimeout(resolve, 500))
  assert.deepEqual([again.out, again.caught], [[], []])
})

test('B7: a stopped node cancels what runs where it is set so', async () => {
  const flow = await aRealFlow({ ...COMMAND, command: 'sleep 300', cancelOnStop: true })
  flow.send('executor', { targets })
  await until(() => flow.statuses.some(status => status.text === 'running 0/3'))
  const running = await until(async () => (await askCore('/executions?status=running&limit=1')).items?.[0])
  await flow.stop('executor')
  const ended = await askCore(`/executions/${running.id}?wait=20`)
  assert.equal(ended.status, 'cancelled')
})

test('B7: nothing goes on of what a stopped node had just asked for, whenever it is stopped', async () => {
  const { total: before } = await askCore('/executions?limit=1')
  for (const after of [0, 5, 10, 20, 30, 45, 60, 80]) {
    const flow = await aRealFlow({ ...COMMAND, command: 'sleep 300', cancelOnStop: true })
    flow.send('executor', { targets: targets.slice(0, 1) })
    await until(() => flow.statuses.some(status => status.text === 'running 0/1'))
    await new Promise(resolve => setTimeout(resolve, after))
    await flow.close()
  }
  const { total, items } = await askCore('/executions?limit=20')
  assert.ok(total > before)
  for (const { id } of items.slice(0, total - before)) {
    assert.equal((await askCore(`/executions/${id}?wait=20`)).status, 'cancelled')
  }
})

test('the first execution after a start shows how far it is as soon as the stream is there, though it began to wait without', async t => {
  const { access } = facts()
  const way = new HoldingWay(access.url, /[/]events/)
  t.after(() => way.stop())
  const command = 'case $OPSCONDUCTOR_DEMO_TARGET in *1) ;; *) sleep 4 ;; esac'
  const flow = await started([{ ...COMMAND, command }], provide({ ...access, url: await way.start() }))
  flow.send('executor', { targets })
  await until(() => way.held.length && flow.statuses.length)
  await new Promise(resolve => setTimeout(resolve, 500))
  way.release()
  await until(() => flow.statuses.some(({ text }) => text === 'running 1/3'))

  assert.equal(flow.out.length, 0)
  await flow.arrived()
  assert.deepEqual([flow.out[0].targetCount, flow.caught.length], [3, 0])
})

test('B11: nothing is left in the message that the next executor would run', async () => {
  const { msg } = await ran({ command: 'payload', commandType: 'msg' }, { payload: 'echo once' })
  assert.equal(msg.command, undefined)
  assert.equal(msg.results[0].output_text, 'once\n')
})

test('B16, B22: an execution tells the node and the tab it comes from, and each message is one', async () => {
  const { msg } = await ran({ name: 'ask' })
  const execution = await askCore(`/executions/${msg.executionId}`)
  const { flow_id: tab, node_id: node, node_name: name, run_id: run } = execution.workflow
  assert.deepEqual([tab, node, name, run], ['tab', 'executor', 'ask', msg._opsc.run])
})

test('parameters are data: what is in a value never becomes part of the command', async () => {
  const parameters = [
    { name: 'WHO', value: 'payload', type: 'msg', secret: false }, { name: 'TIMES', value: '3', type: 'num', secret: false },
    { name: 'LIST', value: '["a"]', type: 'json', secret: false }
  ]
  const { msg } = await ran({ command: 'echo "$WHO" "$TIMES" "$LIST"', parameters }, { payload: '$(id); `id`' })
  assert.equal(msg.results[0].output_text, '$(id); `id` 3 ["a"]\n')
})

test('a secret parameter arrives, and is masked in what is written', async () => {
  const parameters = [{ name: 'TOKEN', value: 'secret', type: 'msg', secret: true }]
  const { msg } = await ran({ command: 'test "$TOKEN" = hush-hush-hush && echo "$TOKEN"', parameters }, { secret: 'hush-hush-hush' })
  assert.equal(msg.results[0].status, 'completed')
  assert.ok(!msg.results[0].output_text.includes('hush'))
})

test('a parameter without a value is an error before anything runs', async () => {
  const { error } = await ran({ parameters: [{ name: 'WHO', value: 'missing', type: 'msg', secret: false }] })
  assert.match(error, /parameter WHO has no value: msg "missing" gives nothing/)
})

test('a script written in the node runs with arguments and in a directory', async () => {
  const text = '#!/bin/sh\nfor one in "$@"; do echo "$one in $PWD"; done\n'
  const { msg } = await ran({ kind: 'script', script: text, arguments: '["a b", 2]', workingDirectory: '/' })
  assert.equal(msg.results[0].output_text, 'a b in /\n2 in /\n')
  assert.equal(msg.payload.script, '#!/bin/sh')
})

test('a stored script brings its own parameters', async () => {
  const stored = { kind: 'stored', scriptId: script.id, arguments: '["you"]' }
  const { msg } = await ran({ ...stored, parameters: [{ name: 'GREETING', value: 'hello', type: 'str', secret: false }] })
  const { error } = await ran(stored)
  assert.equal(msg.results[0].output_text, 'hello you\n')
  assert.match(error, /GREETING needs a value/)
})

test('batches and the end after too many failures reach the core', async () => {
  const { bad } = await ran({ command: 'false', batchSize: '1', maxFailures: '0', parallelism: '1' })
  assert.deepEqual(bad.payload.counts, { failed: 1, skipped: 2 })
})

test('detached mode runs to the same end', async () => {
  const { msg } = await ran({ detached: true, command: 'echo apart' })
  assert.equal(msg.results[0].output_text, 'apart\n')
})

test('B10: what is not reachable is not called failed', async () => {
  const { bad } = await ran({ continueOnFailure: true }, { targets: [gone] })
  assert.equal(bad.results[0].status, 'unreachable')
  assert.ok(bad.results[0].error_message)
})

test('handles only, where the node is set so', async () => {
  const { msg } = await ran({ outputsInMessage: 'never' })
  const [{ output_bytes: bytes, output_sha256: digest, output_text: text }] = msg.results
  assert.deepEqual([bytes, digest.length, text], [6, 64, undefined])
})

test('a durable command runs once, and its message goes on once, over a restart in the middle', async () => {
  const file = join(facts().folder, 'durable.txt')
  const node = { ...COMMAND, id: 'durable', durable: true, command: `echo ran >> ${file}; sleep 3` }
  const before = await aRealFlow(node)
  before.send('durable', { targets: targets.slice(0, 1), topic: 'kept' })
  await until(() => existsSync(file))
  await before.close()
  assert.equal(before.out.length, 0)

  const after = await aRealFlow(node)
  await after.arrived()
  assert.deepEqual([after.out[0].topic, after.out[0].payload.successful], ['kept', 1])
  assert.equal(readFileSync(file, 'utf8'), 'ran\n')
  await after.close()
  const last = await aRealFlow(node)
  await new Promise(resolve => setTimeout(resolve, 500))
  assert.equal(last.out.length, 0)
})

test('a durable command that fails is an error once, and is not tried again after a restart', async () => {
  const node = { ...COMMAND, id: 'durable-fails', durable: true, command: 'exit 3' }
  const flow = await aRealFlow(node)
  flow.send('durable-fails', { targets: targets.slice(0, 1) })
  await flow.arrived(2)
  assert.deepEqual([flow.bad.length, flow.caught.length], [1, 1])
  await flow.close()
  const again = await aRealFlow(node)
  await new Promise(resolve => setTimeout(resolve, 500))
  assert.deepEqual([again.bad, again.caught], [[], []])
})

test('a durable node keeps also the messages that wait for their turn', async () => {
  const config = { ...COMMAND, id: 'in-line', durable: true, maxInFlight: 1, command: 'payload', commandType: 'msg' }
  const before = await aRealFlow(config)
  for (const payload of ['sleep 2; echo first', 'echo second']) before.send('in-line', { targets: targets.slice(0, 1), payload })
  await until(() => before.statuses.some(status => status.text === 'running 0/1'))
  await new Promise(resolve => setTimeout(resolve, 300))
  await before.close()
  assert.equal(before.out.length, 0)

  const after = await aRealFlow(config)
  await after.arrived(2)
  assert.deepEqual(after.out.map(msg => msg.results[0].output_text).sort(), ['first\n', 'second\n'])
})

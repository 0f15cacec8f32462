'use strict'

const assert = require('node:assert/strict')
const { randomUUID } = require('node:crypto')
const { test } = require('node:test')
const { EXECUTOR, aFlow, until } = require('../../test-support/flows')
const { refused } = require('../../test-support/bridge')

const EXECUTE = '/api/workflow/execute'

/** @param {object} [config] @param {Partial<import('../../test-support/bridge').TestBridge>} [bridge] */
function anExecutor (config = {}, bridge = {}) {
  return aFlow([{ ...EXECUTOR, ...config }], bridge)
}

/** Fails on the target with this name. @param {string} name @param {string} [status] */
function failsOn (name, status = 'failed') {
  return (/** @type {any} */ target) => target.name === name ? { status, exit_code: status === 'failed' ? 3 : null } : { status: 'completed', exit_code: 0 }
}

/** @param {import('../../test-support/bridge').TestBridge} bridge */
function only (bridge) {
  return [...bridge.executions.values()][0]
}

test('success goes out of the first output alone', async () => {
  const flow = await anExecutor()
  flow.send('executor', { targets: flow.bridge.targets, topic: 'kept' })
  const msg = await until(() => flow.out[0])

  const id = only(flow.bridge).id
  assert.deepEqual(msg.payload, {
    execution_id: id, command: 'hostname', total_targets: 3, successful: 3, failed: 0, success_rate: '100.0%', counts: { completed: 3 }
  })
  assert.equal(msg.executionId, id)
  assert.equal(msg.topic, 'kept')
  assert.equal(msg.command, undefined)
  assert.deepEqual([msg.results.length, msg.successfulTargets.length, msg.failedTargets.length], [3, 3, 0])
  assert.deepEqual(flow.statuses.at(-1), { fill: 'green', shape: 'dot', text: 'ok 3/3' })
  assert.equal(flow.bad.length + flow.caught.length, 0)
  await flow.close()
})

test('B9, B16: the request says what, where and from where', async () => {
  const flow = await anExecutor({ name: 'ask', timeout: '5', retryCount: '2' })
  const ids = flow.bridge.targets.map(target => target.id)
  flow.send('executor', { _msgid: 'm1', targetIds: [...ids, ids[0]] })
  await until(() => flow.out.length)

  const [{ body, headers }] = flow.bridge.requests('POST', EXECUTE)
  assert.deepEqual(body.target_ids, ids)
  assert.deepEqual(body.actions[0].action_parameters, { command: 'hostname', timeout: 5, retry_count: 2 })
  assert.equal(body.name, 'Node-RED: ask')
  assert.deepEqual(body.workflow_context, {
    node_red_flow_id: 'tab', node_id: 'executor', node_name: 'ask', run_id: flow.out[0]._opsc.run, msg_id: 'm1'
  })
  assert.ok(headers['idempotency-key'])
  await flow.close()
})

test('B3, B4: with a partial failure both outputs go on with their targets, and a catch node hears of it once', async () => {
  const flow = await anExecutor({}, { outcome: failsOn('web-2') })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length && flow.bad.length && flow.caught.length)
  await new Promise(resolve => setTimeout(resolve, 50))

  assert.deepEqual(flow.out[0].targets.map((/** @type {any} */ target) => target.name), ['web-1', 'win-1'])
  assert.deepEqual(flow.bad[0].targets.map((/** @type {any} */ target) => target.name), ['web-2'])
  assert.equal(flow.out[0].payload.success_rate, '66.7%')
  assert.equal(flow.caught.length, 1)
  assert.match(flow.caught[0].error.message, /failed on 1 of 3 targets/)
  assert.equal(flow.caught[0].failedTargets[0].exit_code, 3)
  assert.deepEqual(flow.statuses.at(-1), { fill: 'red', shape: 'ring', text: '1 of 3 failed' })
  await flow.close()
})

test('B4: with "continue on failure" there is no error and the first output always goes on', async () => {
  const flow = await anExecutor({ continueOnFailure: true }, { outcome: () => ({ status: 'unreachable' }) })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length && flow.bad.length)

  assert.equal(flow.out[0].targetCount, 0)
  assert.equal(flow.bad[0].targetCount, 3)
  assert.deepEqual(flow.bad[0].payload.counts, { unreachable: 3 })
  assert.equal(flow.bad[0].payload.success_rate, '0.0%')
  assert.equal(flow.caught.length, 0)
  await flow.close()
})

test('the detailed and the plain forms of the payload', async () => {
  const flow = await anExecutor({ outputFormat: 'detailed' })
  flow.send('executor', { targets: flow.bridge.targets })
  const { payload } = await until(() => flow.out[0])
  assert.deepEqual(Object.keys(payload), ['execution_id', 'command', 'execution_time', 'summary', 'results', 'successful_targets', 'failed_targets'])
  await flow.close()

  const plain = await anExecutor({ outputFormat: 'results_only' })
  plain.send('executor', { targets: [plain.bridge.targets[0].id] })
  assert.deepEqual((await until(() => plain.out[0])).payload, [
    { target_name: 'web-1', status: 'completed', exit_code: 0, output: 'web-1\n', error: '' }
  ])
  await plain.close()
})

test('B8: 0 targets, no targets and no command are errors before anything is asked', async () => {
  const flow = await anExecutor({ command: 'missing', commandType: 'msg' })
  flow.send('executor', { targets: [] })
  flow.send('executor', { payload: 'text' })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.caught.length === 3)

  const told = flow.caught.map(msg => msg.error.message.slice(7, 32))
  assert.deepEqual(told, ['The message has 0 targets', 'The message has no target', 'There is no command: msg '])
  assert.equal(flow.bridge.asked.length, 0)
  await flow.close()
})

test('the command comes from the message or an expression', async () => {
  const flow = await anExecutor({ command: '"systemctl restart " & service', commandType: 'jsonata' })
  flow.send('executor', { targets: flow.bridge.targets, service: 'nginx' })
  await until(() => flow.out.length)
  assert.equal(flow.bridge.requests('POST', EXECUTE)[0].body.actions[0].action_parameters.command, 'systemctl restart nginx')
  await flow.close()
})

test('an executor from before there were versions takes an empty command from the message', async () => {
  const { id, z, type, wires } = EXECUTOR
  const flow = await aFlow([{ id, z, type, wires, command: '' }])
  flow.send('executor', { targets: flow.bridge.targets, command: 'uptime' })
  assert.equal((await until(() => flow.out[0])).payload.command, 'uptime')
  await flow.close()
})

test('B17: a configuration that can not work is an error at each message, and the flow starts all the same', async () => {
  const flow = await anExecutor({ timeout: 'soon' })
  flow.send('executor', { targets: flow.bridge.targets })
  assert.match((await until(() => flow.caught[0])).error.message, /timeout must be a number/)
  await flow.close()
})

test('B1, B5: it waits for the end of the execution, heard from the stream', async () => {
  const flow = await anExecutor({}, { endsAtOnce: false })
  flow.send('executor', { targets: flow.bridge.targets })
  const execution = await until(() => only(flow.bridge))
  await until(() => flow.bridge.streams)
  flow.bridge.progress(execution)
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.equal(flow.out.length, 0)
  flow.bridge.finish(execution)
  assert.equal((await until(() => flow.out[0])).payload.successful, 3)
  await flow.close()
})

test('B6: a refused request is final', async () => {
  const flow = await anExecutor()
  flow.bridge.instead[`POST ${EXECUTE}`] = [refused(403, 'permission_missing', 'You may not.')]
  flow.send('executor', { targets: flow.bridge.targets })
  assert.equal((await until(() => flow.caught[0])).error.message, 'Error: You may not.')
  assert.equal(flow.bridge.requests('POST', EXECUTE).length, 1)
  await flow.close()
})

test('B21, B23: "too busy" and silence are tried again with the same key, each message with its own', async () => {
  const flow = await anExecutor()
  flow.bridge.instead[`POST ${EXECUTE}`] = [
    { ...refused(429, 'too_many', 'Later.'), headers: { 'retry-after': '0' } },
    { ...refused(503, 'unavailable', 'Later.'), headers: { 'retry-after': '0' } }
  ]
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length)
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length === 2)

  const keys = flow.bridge.requests('POST', EXECUTE).map(asked => asked.headers['idempotency-key'])
  assert.equal(keys.length, 4)
  assert.equal(new Set(keys.slice(0, 3)).size, 1)
  assert.notEqual(keys[3], keys[0])
  assert.ok(flow.statuses.some(status => status.text === 'busy, waiting'))
  await flow.close()
})

test('B21: Retry-After is honoured', async () => {
  const flow = await anExecutor()
  flow.bridge.instead[`POST ${EXECUTE}`] = [{ ...refused(429, 'too_many', 'Later.'), headers: { 'retry-after': '1' } }]
  const began = Date.now()
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length)
  assert.ok(Date.now() - began >= 990)
  await flow.close()
})

test('a token that is refused is renewed once', async () => {
  const flow = await anExecutor({}, { endsAtOnce: false })
  // So many that their results are asked for once they have ended.
  flow.bridge.targets = Array.from({ length: 6 }, (_, number) => ({ ...flow.bridge.targets[0], id: randomUUID(), name: `target-${number}` }))
  flow.send('executor', { targets: flow.bridge.targets })
  const execution = await until(() => only(flow.bridge))
  flow.bridge.revokeRunTokens()
  flow.bridge.finish(execution)
  await until(() => flow.out.length)
  assert.equal(flow.bridge.requests('POST', '/api/workflow/auth').length, 2)
  await flow.close()

  const hopeless = await anExecutor()
  hopeless.bridge.instead[`POST ${EXECUTE}`] = [refused(401, 'not_signed_in', 'No.'), refused(401, 'not_signed_in', 'The owner is deactivated.')]
  hopeless.send('executor', { targets: hopeless.bridge.targets })
  assert.equal((await until(() => hopeless.caught[0])).error.message, 'Error: The owner is deactivated.')
  assert.equal(hopeless.bridge.requests('POST', EXECUTE).length, 2)
  await hopeless.close()
})

test('B7: a stopped node ends quickly, in silence, and cancels what runs only where it is set so', async () => {
  for (const cancelOnStop of [true, false]) {
    const flow = await anExecutor({ cancelOnStop }, { endsAtOnce: false })
    flow.send('executor', { targets: flow.bridge.targets })
    await until(() => flow.bridge.requests('GET', '/api/workflow/').some(asked => /state|results/.test(asked.path)))
    const began = Date.now()
    await flow.stop('executor')
    assert.ok(Date.now() - began < 1_500)
    assert.equal(flow.bridge.requests('POST', '/api/workflow/cancel').length, cancelOnStop ? 1 : 0)
    assert.equal(flow.out.length + flow.bad.length + flow.caught.length, 0)
    assert.deepEqual(flow.statuses.at(-1), {})
    await flow.close()
  }
})

test('B21: no more messages than set are worked on at once', async () => {
  const flow = await anExecutor({ maxInFlight: 2 }, { endsAtOnce: false })
  for (let n = 0; n < 3; n++) flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.executions.size === 2)
  await new Promise(resolve => setTimeout(resolve, 100))
  assert.equal(flow.bridge.executions.size, 2)
  flow.bridge.finish(only(flow.bridge))
  await until(() => flow.bridge.executions.size === 3)
  await flow.close()
})

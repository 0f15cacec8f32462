'use strict'

const assert = require('node:assert/strict')
const { createHash, randomBytes } = require('node:crypto')
const { readFileSync, statSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { until } = require('../../../test-support/flows')
const { TRANSFER, aRealFlow, askCore, facts, keptOf, waits } = require('../../../test-support/real')

const { targets, gone, many, file, folder } = facts()
const [one] = targets

/** Sends one message through a transfer and returns what comes of it. @param {object} config @param {object} [msg] */
async function transferred (config, msg = {}) {
  const flow = await aRealFlow({ ...TRANSFER, ...config })
  flow.send('transfer', { targets: [one], ...msg })
  await flow.arrived()
  const found = { msg: flow.out[0], bad: flow.bad[0], error: flow.caught[0]?.error.message }
  await flow.close()
  return found
}

/** @param {Buffer | string} content */
function sha256 (content) {
  return createHash('sha256').update(content).digest('hex')
}

test('a kept file reaches the target, with its mode, and is left alone the next time', async () => {
  const path = join(folder, 'new', 'app.conf')
  const config = { source: 'file', fileId: file.id, path, mode: '0640', createDirectories: true }
  const { msg } = await transferred(config)
  const again = await transferred(config)

  assert.equal(readFileSync(path, 'utf8'), 'x = 1\n')
  assert.equal(statSync(path).mode & 0o777, 0o640)
  assert.deepEqual([msg.payload.direction, msg.payload.path, msg.payload.successful], ['upload', path, 1])
  assert.deepEqual([msg.results[0].transfer.skipped, again.msg.results[0].transfer.skipped], [0, 1])
})

test('a short text of the message goes with the request', async () => {
  const path = join(folder, 'note.txt')
  const { msg } = await transferred({ path: 'where', pathType: 'msg' }, { payload: 'grüße\n', where: path })
  assert.equal(readFileSync(path, 'utf8'), 'grüße\n')
  assert.equal(msg.results[0].transfer.sha256, sha256('grüße\n'))
})

test('a large buffer becomes a file for as long as the transfer takes', async () => {
  const content = randomBytes(3 * 1024 * 1024)
  const path = join(folder, 'big.bin')
  const { msg } = await transferred({ path }, { payload: content })
  const kept = await askCore('/files?q=big.bin')

  assert.equal(sha256(readFileSync(path)), sha256(content))
  assert.equal(msg.results[0].transfer.sha256, sha256(content))
  assert.equal(kept.total, 0)
})

/**
 * Sends a buffer to one target after the other, and stops the node while it does.
 * @param {string} id
 * @param {{durable?: boolean}} [config]
 */
async function stoppedWhileSending (id, config) {
  const node = { ...TRANSFER, id, path: join(folder, `${id}.bin`), overwrite: 'always', parallelism: '1', ...config }
  const flow = await aRealFlow(node)
  const content = randomBytes(100_000)
  flow.send(id, { targets: many.slice(0, 20), payload: content, topic: 'kept' })
  await until(async () => (await askCore('/executions?status=running&limit=1')).total)
  if (node.durable) await until(async () => (await keptOf(node))[0].state.facts.executionId)
  await flow.close()
  assert.equal(flow.out.length + flow.bad.length + flow.caught.length, 0)
  return { node, content, stored: () => askCore(`/files?q=${id}.bin`) }
}

test('a durable transfer is done once, from the same file, which is removed in the end, over a restart in the middle', async () => {
  const { node, content, stored } = await stoppedWhileSending('durable', { durable: true })
  const [{ state: { facts: { executionId, fileId } } }] = await keptOf(node)
  const { items } = await stored()
  assert.deepEqual(items.map((/** @type {any} */ kept) => kept.id), [fileId])

  const after = await aRealFlow(node)
  await after.arrived()
  const [msg] = after.out
  assert.deepEqual([msg.topic, msg.payload.successful, msg.executionId], ['kept', 20, executionId])
  assert.equal(sha256(readFileSync(node.path)), sha256(content))
  assert.equal((await stored()).total, 0)
  await until(async () => (await keptOf(node)).length === 0)
})

test('a durable transfer finds file and execution again where Node-RED was killed before it could note either', async () => {
  const { node, stored } = await stoppedWhileSending('durable-killed', { durable: true })
  const [{ id, run_id, run_flow_id, state }] = await keptOf(node)
  const { executionId, since } = state.facts
  const before = { flow_id: 'tab', node_id: node.id, run_id, run_flow_id, state: { msg: state.msg, facts: { since } } }
  await waits(`/${id}`, { method: 'PUT', body: JSON.stringify(before) })

  const after = await aRealFlow(node)
  await after.arrived()
  assert.deepEqual([after.out[0].executionId, after.caught], [executionId, []])
  assert.equal((await stored()).total, 0)
})

test('the file of a transfer that is under way stays when a node that is not durable is stopped', async () => {
  const { stored } = await stoppedWhileSending('not-durable')
  const { total, items: [kept] } = await stored()
  assert.equal(total, 1)
  const { items: [{ id }] } = await askCore('/executions?limit=1')
  const ended = await askCore(`/executions/${id}?wait=30`)
  assert.equal(ended.status, 'completed')
  assert.equal((await askCore(`/files/${kept.id}`)).id, kept.id)
})

test('a template is filled in from the message, without escaping', async () => {
  const path = join(folder, 'hosts.conf')
  await transferred({ source: 'template', text: 'name={{payload.name}}\n{{#payload.ports}}port={{.}}\n{{/payload.ports}}', path }, {
    payload: { name: 'a "b" & <c>', ports: [1, 2] }
  })
  assert.equal(readFileSync(path, 'utf8'), 'name=a "b" & <c>\nport=1\nport=2\n')
})

test('a file is fetched into the storage, and the message has its handle', async () => {
  const path = join(folder, 'log.txt')
  writeFileSync(path, 'one\ntwo\n')
  const { msg } = await transferred({ direction: 'download', path })
  const [handle] = msg.files

  assert.deepEqual([handle.target_name, handle.size, handle.sha256], [one.name, 8, sha256('one\ntwo\n')])
  assert.deepEqual([(await askCore(`/files/${handle.file_id}`)).execution_id, msg.payload.successful], [msg.executionId, 1])
})

test('a directory arrives as one archive', async () => {
  const path = join(folder, 'new')
  const { msg } = await transferred({ direction: 'download', path, recursive: true })
  assert.match((await askCore(`/files/${msg.files[0].file_id}`)).name, /\.tar$/)
})

test('a failed transfer goes out of the second output with the reason', async () => {
  const missing = await transferred({ direction: 'download', path: join(folder, 'not-there') })
  assert.deepEqual([missing.bad.targetCount, missing.bad.results[0].status, missing.msg], [1, 'failed', undefined])
  assert.ok(missing.bad.results[0].error_message)
  const away = await transferred({ path: join(folder, 'x') }, { payload: 'x', targets: [gone] })
  assert.equal(away.bad.results[0].status, 'unreachable')
})

test('content that is none, and content without a name, are errors before anything is sent', async () => {
  assert.match((await transferred({ path: '/tmp/x' }, { payload: 7 })).error, /must be a text or a buffer; msg "payload" gives number/)
  assert.match((await transferred({ path: `${folder}/` }, { payload: Buffer.from('x') })).error, /needs a file name/)
})

test('settings that can not be are an error at each message', async () => {
  assert.match((await transferred({ path: ' ' })).error, /path on the targets is missing/)
  assert.match((await transferred({ path: '/tmp/x', mode: '9' })).error, /mode must be octal digits/)
  assert.match((await transferred({ path: '/tmp/x', source: 'file' })).error, /file must be chosen from the list/)
})

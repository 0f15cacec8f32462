'use strict'

const assert = require('node:assert/strict')
const { createHash, randomBytes } = require('node:crypto')
const { readFileSync, statSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const { TRANSFER, aRealFlow, askCore, facts } = require('../../../test-support/real')

const { targets, gone, file, folder } = facts()
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

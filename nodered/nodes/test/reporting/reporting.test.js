/** The nodes that tell something, with the real bridge and core: pytest runs this (tests/nodes). */
'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { AUDIT, NOTIFICATION, aChannel, askCore, askDialog, told } = require('../../../test-support/reporting')

const NOWHERE = ['00000000-0000-0000-0000-000000000000']

/** @param {string} action */
async function newestEntry (action) {
  const { items } = await askCore(`/audit?action=${action}&limit=1`)
  return items[0]
}

test('a notification is filled in from the message, sent, and says what became of it', async () => {
  const channel = await aChannel(204)
  const texts = { title: '{{payload.host}} is full', body: '{{ payload.disks.0 }}\n{{payload.disks}}' }
  const node = { ...NOTIFICATION, channels: [channel.id], severity: 'error', ...texts }
  const { out, bad, caught, status } = await told(node, { payload: { host: 'web-1', disks: ['/var', '/home'] }, secret: 'not sent' })

  const [{ deliveries, notificationId, payload }] = out
  assert.deepEqual([bad, caught], [[], []])
  assert.equal(deliveries[0].status, 'delivered')
  assert.equal(deliveries[0].channel_name, channel.name)
  assert.deepEqual(payload, { host: 'web-1', disks: ['/var', '/home'] })
  assert.deepEqual(status, { fill: 'green', shape: 'dot', text: 'delivered 1' })
  const [got] = channel.received
  assert.deepEqual([got.title, got.body, got.severity], ['web-1 is full', '/var\n["/var", "/home"]', 'error'])
  assert.equal(got.notification_id, notificationId)
  assert.deepEqual([got.source.flow_id, got.source.node_id, Boolean(got.source.run_id)], ['tab', 'node', true])
})

test('what is refused goes to the second output with the reason, and is an error once', async () => {
  const good = await aChannel(200)
  const refusing = await aChannel(403)
  const { out, bad, caught, status } = await told({ ...NOTIFICATION, channels: [good.id, refusing.id] })

  assert.deepEqual([out.length, bad.length, caught.length], [1, 1, 1])
  assert.deepEqual(bad[0].deliveries.map((/** @type {any} */ one) => one.status), ['delivered', 'failed'])
  assert.match(caught[0].error.message, new RegExp(`Not delivered: ${refusing.name}: 127.0.0.1 refused the notification \\(status 403\\)\\.$`))
  assert.deepEqual(status, { fill: 'red', shape: 'ring', text: '1 of 2 delivered' })
})

test('with "continue on failure" nothing is an error', async () => {
  const refusing = await aChannel(403)
  const { out, bad, caught } = await told({ ...NOTIFICATION, channels: [refusing.id], continueOnFailure: true })

  assert.deepEqual([out.length, bad.length, caught.length], [0, 1, 0])
})

test('what is still tried again when the time is over is said', async () => {
  const troubled = await aChannel(503)
  const { bad, caught } = await told({ ...NOTIFICATION, channels: [troubled.id], wait: 3 })

  assert.equal(bad[0].deliveries[0].status, 'pending')
  assert.match(caught[0].error.message, /can't take the notification now \(status 503\)\. \(it is tried again\)/)
})

test('a channel that is off, or wants what is more severe, is no error', async () => {
  const off = await aChannel(200, { enabled: false })
  const picky = await aChannel(200, { min_severity: 'critical' })
  const { out, bad, caught } = await told({ ...NOTIFICATION, channels: [off.id, picky.id] })

  assert.deepEqual([out.length, bad.length, caught.length], [0, 1, 0])
  assert.deepEqual(bad[0].deliveries.map((/** @type {any} */ one) => one.error_code), ['channel_off', 'below_severity'])
})

test('each key of the message counts more than the node', async () => {
  const channel = await aChannel(200)
  const notification = { title: 'From {{topic}}', severity: 'critical', channels: [channel.id] }
  const { out } = await told({ ...NOTIFICATION, channels: NOWHERE }, { topic: 'the message', notification })

  assert.equal(out.length, 1)
  assert.deepEqual([channel.received[0].title, channel.received[0].severity], ['From the message', 'critical'])
})

for (const [what, change, msg, wanted] of /** @type {[string, object, any, RegExp][]} */ ([
  ['no channel', {}, {}, /No channel is chosen/],
  ['a channel that is gone', { channels: NOWHERE }, {}, /do not exist/],
  ['no title', { channels: ['x'], title: ' ' }, {}, /The title is missing/],
  ['a title that gives nothing', { channels: ['x'], title: 'topic', titleType: 'msg' }, {}, /There is no title: msg "topic" gives nothing/],
  ['a placeholder without a value', { channels: NOWHERE, title: '{{payload.a}}' }, {}, /the data has nothing for \{\{payload\.a\}\}/],
  ['an unknown key', { channels: ['x'] }, { notification: { text: 'x' } }, /unknown key "text"/],
  ['an unknown severity', { channels: ['x'], severity: 'msg' }, { severity: 'bad' }, /The severity must be one of/],
  ['a time that is none', { channels: ['x'], wait: 'long' }, {}, /The time to wait must be a number/],
  ['a newer version', { version: 2 }, {}, /newer version/]
])) {
  test(`a notification with ${what} is an error, and nothing is sent`, async () => {
    const { out, bad, caught } = await told({ ...NOTIFICATION, ...change }, msg)

    assert.deepEqual([out.length, bad.length, caught.length], [0, 0, 1])
    assert.match(caught[0].error.message, wanted)
  })
}

test('the dialog lists channels and fills in a preview, as the person in the editor', async () => {
  const channel = await aChannel(200)
  const { body } = await askDialog('/opsconductor/notification-channels')

  assert.ok(body.channels.some((/** @type {any} */ one) => one.id === channel.id && one.kind === 'webhook' && one.enabled))
})

test('the preview of the dialog says what is missing', async () => {
  const good = await askDialog('/opsconductor/notification-preview', { title: '{{a}}', body: 'b', data: { a: 1 } })

  assert.deepEqual([good.status, good.body], [200, { title: '1', body: 'b' }])
})

test('a preview that can\'t be filled in is refused with the reason', async () => {
  const bad = await askDialog('/opsconductor/notification-preview', { title: '{{a}}', body: '', data: {} })

  assert.equal(bad.status, 422)
  assert.match(bad.body.message, /the data has nothing for \{\{a\}\}/)
})

test('an audit entry has flow, node, run, message and data, and the message goes on', async () => {
  const node = { ...AUDIT, eventType: 'custom.backup.done', data: 'payload', dataType: 'msg', severity: 'warning' }
  const { out, status } = await told(node, { payload: { host: 'db-1', password: 'hunter2-canary' }, topic: 'kept' })
  const entry = await newestEntry('flow.custom.backup.done')

  assert.equal(out[0].auditId, entry.id)
  assert.equal(out[0].topic, 'kept')
  assert.deepEqual(entry.object, { type: 'flow', id: 'tab', name: 'note it' })
  assert.deepEqual(entry.after.data, { host: 'db-1', password: '•••' })
  assert.deepEqual([entry.after.message, entry.after.severity, entry.after.node_id], ['It was done', 'warning', 'node'])
  assert.equal(entry.after.run_id, out[0]._opsc.run)
  assert.match(entry.actor.via, /^flow:tab$/)
  assert.deepEqual(status, { fill: 'green', shape: 'dot', text: 'custom.backup.done' })
})

test('an audit entry takes what the message says, and a value that is no object', async () => {
  const audit = { eventType: 'change.applied', message: 'Changed', data: [1, 2] }
  await told(AUDIT, { audit })
  const entry = await newestEntry('flow.change.applied')

  assert.deepEqual([entry.after.message, entry.after.data], ['Changed', { value: [1, 2] }])
})

for (const [what, change, msg, wanted] of /** @type {[string, object, any, RegExp][]} */ ([
  ['an event type that is not known', { eventType: 'user.added' }, {}, /is not known; your own begin with "custom\."/],
  ['an event type in the message that is not known', {}, { audit: { eventType: 'user.added' } }, /event_type/],
  ['no message', { message: '' }, {}, /The message is missing/],
  ['too much data', { data: 'payload', dataType: 'msg' }, { payload: 'x'.repeat(17_000) }, /at most 16 KiB/],
  ['data with a loop', { data: 'payload', dataType: 'msg' }, { payload: loop() }, /can't be written as JSON/],
  ['an unknown key', {}, { audit: { type: 'x' } }, /unknown key "type"/]
])) {
  test(`an audit entry with ${what} is an error`, async () => {
    const { out, caught } = await told({ ...AUDIT, ...change }, msg)

    assert.deepEqual([out.length, caught.length], [0, 1])
    assert.match(caught[0].error.message, wanted)
  })
}

function loop () {
  /** @type {any} */
  const value = {}
  value.itself = value
  return value
}

test('an audit logger that was saved without a version works', async () => {
  const { id, type, message } = AUDIT
  const { out: noted } = await told({ id, type, message, wires: [['out']] })
  assert.equal((await newestEntry('flow.note')).id, noted[0].auditId)
})

test('a notification that was saved without a version works', async () => {
  const channel = await aChannel(204)
  const { id, type, wires } = NOTIFICATION
  const { out } = await told({ id, type, wires, title: 'Hello', channels: [channel.id] })
  assert.deepEqual([out.length, channel.received[0].title, channel.received[0].severity], [1, 'Hello', 'info'])
})

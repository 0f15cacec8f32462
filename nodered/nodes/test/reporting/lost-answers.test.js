/** The nodes that tell something, where the first answer to each request gets lost: pytest runs this (tests/nodes). */
'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { AUDIT, NOTIFICATION, aChannel, askCore, facts, told } = require('../../../test-support/reporting')

for (const [where, url] of Object.entries(facts().losing)) {
  test(`an audit entry whose answer gets lost ${where} is written once, and its message goes on once`, async () => {
    const eventType = `custom.lost.${where.replaceAll(' ', '_')}`
    const { out, caught } = await told({ ...AUDIT, eventType }, [{ payload: 1 }, { payload: 2 }], url)
    const { items } = await askCore(`/audit?action=flow.${eventType}`)

    assert.deepEqual([out.map(one => one.payload).sort(), caught], [[1, 2], []])
    assert.deepEqual(items.map((/** @type {any} */ one) => one.id).sort(), out.map(one => one.auditId).sort())
  })

  test(`a notification whose answer gets lost ${where} is sent once, and its message goes on once`, async () => {
    const channel = await aChannel(204)
    const { out, bad, caught } = await told({ ...NOTIFICATION, channels: [channel.id] }, {}, url)

    assert.deepEqual([out.length, bad, caught], [1, [], []])
    assert.deepEqual(channel.received.map(one => one.notification_id), [out[0].notificationId])
  })
}

'use strict'

const assert = require('node:assert/strict')
const { getEventListeners } = require('node:events')
const { test } = require('node:test')
const { sendOn } = require('../lib/waits')

test('messages that were sent on leave nothing behind at their node, which may be there for months', async () => {
  const { signal } = new AbortController()
  let count = 0
  for (const id of ['1', '2', '3']) {
    await sendOn(/** @type {any} */ ({ id, kept: true }), () => { count++ }, signal)
  }

  assert.equal(count, 3)
  assert.deepEqual(getEventListeners(signal, 'abort'), [])
})

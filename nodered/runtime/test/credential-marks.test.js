'use strict'

const assert = require('node:assert/strict')
const { createCipheriv, createHash, randomBytes } = require('node:crypto')
const { test } = require('node:test')
const { marked, unmarked } = require('../credential-marks')

const SECRET = 's'.repeat(64)

/** Seals as Node-RED does. @param {object} credentials @param {string} [secret] */
function sealed (credentials, secret = SECRET) {
  const iv = randomBytes(16)
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), iv)
  return { $: iv.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64') }
}

test('sealed anew the same credentials have the same marks, and others another', () => {
  const first = marked(sealed({ one: { user: 'u', password: 'p' }, two: { token: 't' } }), SECRET)
  const again = marked(sealed({ two: { token: 't' }, one: { password: 'p', user: 'u' } }), SECRET)
  const other = marked(sealed({ one: { user: 'u', password: 'other' }, two: { token: 't' } }), SECRET)

  assert.notEqual(first.$, again.$)
  assert.deepEqual(first.marks, again.marks)
  assert.notEqual(first.marks.one, other.marks.one)
  assert.equal(first.marks.two, other.marks.two)
})

test('a mark tells nothing of what it stands for: the same words have another one elsewhere', () => {
  const here = marked(sealed({ one: { password: 'p' } }), SECRET)
  const elsewhere = marked(sealed({ one: { password: 'p' } }, 'x'.repeat(64)), 'x'.repeat(64))
  assert.notEqual(here.marks.one, elsewhere.marks.one)
})

test('Node-RED gets back what it handed over', () => {
  const before = sealed({ one: { password: 'p' } })
  assert.deepEqual(unmarked(marked(before, SECRET)), before)
  assert.deepEqual(marked(marked(before, SECRET), SECRET), marked(before, SECRET))
  assert.deepEqual([marked({}, SECRET), unmarked({})], [{}, {}])
})

test('what can not be opened has no marks', () => {
  assert.deepEqual(marked({ $: 'rubbish' }, SECRET), { $: 'rubbish', marks: {} })
  assert.deepEqual(marked(sealed({ one: {} }), 'y'.repeat(64)).marks, {})
})

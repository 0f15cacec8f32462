'use strict'

const assert = require('node:assert/strict')
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const { test } = require('node:test')
const { upToDate } = require('../lib/config')
const { bridge, provide } = require('../lib/instance')

const HERE = join(__dirname, '..')
const CONTRACT = join(HERE, '..', '..', 'src', 'opsconductor', 'contracts', 'statuses.json')
const { nodes } = json(join(HERE, 'package.json'))['node-red']

/** @param {string} path */
function json (path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

test('every node has a dialog, help, words and an icon', () => {
  for (const [type, file] of Object.entries(/** @type {Record<string, string>} */ (nodes))) {
    const folder = join(HERE, dirname(file))
    const dialog = readFileSync(join(folder, `${type}.html`), 'utf8')
    const words = json(join(folder, 'locales', 'en-US', `${type}.json`))
    for (const [, path] of dialog.matchAll(/data-i18n="(?:\[\w+\])?(opsconductor-[\w.-]+)"/g)) {
      assert.equal(typeof path.split('.').reduce((found, key) => found?.[key], words), 'string', path)
    }
    const help = readFileSync(join(folder, 'locales', 'en-US', `${type}.html`), 'utf8')
    assert.ok(help.includes(`data-help-name="${type}"`))
    const [, icon] = /icon: '([^']+)'/.exec(dialog) ?? []
    assert.ok(existsSync(join(folder, 'icons', icon)))
  }
})

test('the examples are whole flows of known nodes in their newest version', () => {
  const known = ['tab', 'inject', 'debug', 'catch', ...Object.keys(nodes)]
  for (const file of readdirSync(join(HERE, 'examples'))) {
    const flow = json(join(HERE, 'examples', file))
    const ids = flow.map((/** @type {any} */ node) => node.id)
    for (const node of flow) {
      assert.ok(known.includes(node.type), node.type)
      assert.ok((node.wires ?? []).flat().every((/** @type {string} */ id) => ids.includes(id)))
      if (node.type in nodes) assert.equal(node.version, 1)
    }
  }
})

test('the statuses are those of the whole product', { skip: !existsSync(CONTRACT) }, () => {
  assert.deepEqual(json(join(HERE, 'lib', 'statuses.json')), json(CONTRACT))
})

test('a node saved by a newer version is refused', () => {
  assert.throws(() => upToDate({ version: 2 }, [{ version: 1, up: config => config }]), /newer version/)
})

test('access is given once, and without it nodes say so', () => {
  assert.throws(bridge, /not started by OpsConductor/)
  const takeBack = provide({ url: 'http://127.0.0.1:1', instanceToken: 'x' })
  assert.throws(() => provide({ url: 'http://127.0.0.1:1', instanceToken: 'x' }), /already/)
  takeBack()
})

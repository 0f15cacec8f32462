'use strict'

const assert = require('node:assert/strict')
const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const { test } = require('node:test')
const { upToDate } = require('../lib/config')
const { addressOf } = require('../opsconductor-server/address')
const { bridgeFor, own, provide } = require('../lib/instance')

const HERE = join(__dirname, '..')
const CONTRACT = join(HERE, '..', '..', 'src', 'opsconductor', 'contracts', 'statuses.json')
const LANGUAGES = ['en-US', 'de']
const WORDY_PLUGINS = ['opsconductor-editor', 'opsconductor-deploys']
const SERVER = 'opsconductor-server' // which is on no canvas
const { nodes: { [SERVER]: server, ...nodes }, plugins } = json(join(HERE, 'package.json'))['node-red']

/** @param {string} path */
function json (path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** All paths of words in a catalogue. @param {any} words @param {string} [path] @returns {string[]} */
function paths (words, path = '') {
  return typeof words === 'string' ? [path] : Object.entries(words).flatMap(([key, value]) => paths(value, path ? `${path}.${key}` : key))
}

test('B19: every node has a dialog, help, words and an icon', () => {
  for (const [type, file] of Object.entries(/** @type {Record<string, string>} */ ({ ...nodes, [SERVER]: server }))) {
    const folder = join(HERE, dirname(file))
    const dialog = readFileSync(join(folder, `${type}.html`), 'utf8')
    const known = paths(json(join(folder, 'locales', 'en-US', `${type}.json`)))
    const asked = [...dialog.matchAll(/data-i18n="(?:\[\w+\])?(opsconductor-[\w.-]+)"/g), ...dialog.matchAll(/_\('(opsconductor-[\w.-]+)'/g)]
    for (const [, path] of asked) assert.ok(known.includes(path), path)
    for (const language of LANGUAGES) {
      const help = readFileSync(join(folder, 'locales', language, `${type}.html`), 'utf8')
      assert.ok(help.includes(`data-help-name="${type}"`))
    }
    if (type === SERVER) continue
    const [, icon] = /icon: '([^']+)'/.exec(dialog) ?? []
    assert.ok(existsSync(join(folder, 'icons', icon)))
  }
})

test('each language has the same words', () => {
  const catalogues = [...Object.entries(nodes), [SERVER, server], ...WORDY_PLUGINS.map(name => [name, plugins[name]])]
  for (const [name, file] of /** @type {[string, string][]} */ (catalogues)) {
    const [first, ...others] = LANGUAGES.map(language => paths(json(join(HERE, dirname(file), 'locales', language, `${name}.json`))))
    for (const other of others) assert.deepEqual(other, first)
  }
})

test('each node is in an example, and the examples are whole flows of known nodes in their newest version', () => {
  const known = ['tab', 'inject', 'debug', 'catch', ...Object.keys(nodes)]
  const used = new Set()
  for (const file of readdirSync(join(HERE, 'examples'))) {
    const flow = json(join(HERE, 'examples', file))
    const ids = flow.map((/** @type {any} */ node) => node.id)
    assert.equal(new Set(ids).size, ids.length)
    for (const node of flow) {
      used.add(node.type)
      assert.ok(known.includes(node.type), node.type)
      assert.ok((node.wires ?? []).flat().every((/** @type {string} */ id) => ids.includes(id)))
      if (node.type in nodes) assert.equal(node.version, require(join(HERE, node.type, 'migrations')).at(-1).version)
    }
  }
  assert.deepEqual(Object.keys(nodes).filter(type => !used.has(type)), [])
})

test('the statuses are those of the whole product', { skip: !existsSync(CONTRACT) }, () => {
  assert.deepEqual(json(join(HERE, 'lib', 'statuses.json')), json(CONTRACT))
})

test('nodes of before keep doing what they did: bodies in each message, and a message also where nothing matches', () => {
  const executor = upToDate({ version: 1, command: 'uptime', timeout: 5 }, require('../opsconductor-command-executor/migrations'))
  assert.deepEqual([executor.version, executor.kind, executor.command, executor.timeout, executor.outputsInMessage], [2, 'command', 'uptime', 5, 'always'])
  const selector = upToDate({ version: 1, targetFilter: { osType: 'linux' } }, require('../opsconductor-target-selector/migrations'))
  assert.deepEqual([selector.version, selector.nothingMatched, selector.targetFilter], [2, 'empty', { osType: 'linux' }])
})

test('an audit logger and a notification without a version get what they lack, and keep what they have', () => {
  const logger = require('../opsconductor-audit-logger/migrations')
  assert.deepEqual(upToDate({ message: 'Done' }, logger), {
    version: 1, message: 'Done', eventType: 'note', messageType: 'str', severity: 'info', data: '', dataType: 'none'
  })
  const said = { version: 1, message: 'payload', eventType: 'change.applied', messageType: 'msg', severity: 'error', data: 'payload', dataType: 'msg' }
  assert.deepEqual(upToDate({ ...said, version: undefined }, logger), said)

  const notification = require('../opsconductor-notification/migrations')
  assert.deepEqual(upToDate({ title: 'Hello' }, notification), {
    version: 1, title: 'Hello', channels: [], titleType: 'str', body: '', bodyType: 'str', severity: 'info', wait: 30, continueOnFailure: false
  })
  const told = {
    version: 1, title: 'topic', channels: ['a'], titleType: 'msg', body: 'b', bodyType: 'env', severity: 'msg', wait: 0, continueOnFailure: true
  }
  assert.deepEqual(upToDate({ ...told, version: undefined }, notification), told)
})

test('a node saved by a newer version is refused', () => {
  assert.throws(() => upToDate({ version: 2 }, [{ version: 1, up: config => config }]), /newer version/)
})

test('access is given once', () => {
  const access = { url: 'http://127.0.0.1:1', instanceToken: 'x' }
  assert.equal(own(), null)
  const takeBack = provide(access)
  assert.throws(() => provide(access), /already/)
  takeBack()
})

test('outside of OpsConductor a node says that it has no server, or that its server is not there', () => {
  const RED = /** @type {any} */ ({ nodes: { getNode: () => null } })
  assert.throws(() => bridgeFor(RED, ''), /Choose the OpsConductor server/)
  assert.throws(() => bridgeFor(RED, 'gone'), /is not there/)
})

test('a token is sent unencrypted to this machine only, unless that was allowed', () => {
  assert.equal(addressOf(' https://ops.example.com/ ', false), 'https://ops.example.com')
  assert.equal(addressOf('http://127.0.0.1:8001', false), 'http://127.0.0.1:8001')
  assert.equal(addressOf('http://bridge:8001', true), 'http://bridge:8001')
  assert.throws(() => addressOf('http://bridge:8001', false), /unencrypted/)
  for (const bad of ['', 'ops', 'ftp://ops', 'https://me:secret@ops', 'https://ops?x=1']) assert.throws(() => addressOf(bad, true), /must be one such as/)
})

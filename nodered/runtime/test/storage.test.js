'use strict'

const assert = require('node:assert/strict')
const { createHash } = require('node:crypto')
const { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } = require('node:fs')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { afterEach, beforeEach, test } = require('node:test')
const { INSTANCE_TOKEN, TestBridge, refused } = require('../../test-support/bridge')
const { until } = require('../../test-support/flows')
const { Storage } = require('../storage')

const SECRET = 's'.repeat(64)
const DANA = { username: 'dana', permissions: [] }
const TAB = { id: 't1', type: 'tab', label: 'One' }

/** @type {TestBridge} */
let bridge
/** @type {string} */
let directory
/** @type {Storage[]} */
const opened = []
let reloads = 0
/** What Node-RED was told to run. @type {any[]} */
let takenOver = []

beforeEach(async () => {
  bridge = await new TestBridge().start()
  directory = mkdtempSync(join(tmpdir(), 'opsc-storage-'))
  reloads = 0
  takenOver = []
})

afterEach(async () => {
  for (const storage of opened.splice(0)) await storage.close()
  await bridge.stop().catch(() => {})
  rmSync(directory, { recursive: true })
})

/** Makes a storage, and what of Node-RED it needs. */
function aStorage () {
  /** @type {Storage} */
  const storage = new Storage({
    url: bridge.url,
    instanceToken: INSTANCE_TOKEN,
    directory,
    credentialSecret: SECRET,
    ticketOf: user => user && 'ticket-of-dana',
    takeOver: async (flows, credentials) => { takenOver.push({ flows, credentials }); await storage.deploy(flows, undefined) }
  })
  opened.push(storage)
  const runtime = {
    nodes: { getNodeList: (/** @type {any} */ fits) => [{ enabled: true, loaded: true, types: ['inject', 'debug'] }].filter(fits) },
    flows: { loadFlows: async () => { reloads++; await storage.flows() } }
  }
  return { storage, module: storage.module, init: () => storage.module.init({}, runtime) }
}

async function aStarted () {
  const storage = aStorage()
  await storage.init()
  await storage.module.getFlows()
  return storage.module
}

function copy () {
  return JSON.parse(readFileSync(join(directory, 'last-good.json'), 'utf8'))
}

test('a start asks the bridge once, for everything', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], settings: { a: 1 }, sessions: { b: 2 }, rev: 7 }
  const { module, init } = aStorage()
  await init()

  assert.deepEqual(await module.getFlows(), [TAB])
  assert.deepEqual([await module.getSettings(), await module.getSessions(), await module.getCredentials()], [{ a: 1 }, { b: 2 }, {}])
  assert.equal(bridge.requests('GET', '/').length, 1)
  assert.equal(copy().rev, 7)
})

test('a start tells once which node types there are, and again where the bridge was away', async () => {
  bridge.instead['PUT /api/nodered/storage/node-types'] = [refused(503, 'unavailable', 'Not now.')]
  const module = await aStarted()
  const told = () => bridge.requests('PUT', '/api/nodered/storage/node-types')
  await until(() => told().length === 1)
  for (const _ of [1, 2]) {
    await new Promise(resolve => setTimeout(resolve, 20))
    await module.getFlows()
  }
  await until(() => told().length === 2)
  assert.deepEqual(told()[1].body, { known_types: ['inject', 'debug'] })
})

test('a deploy sends flows, staged credentials, ticket and known types together', async () => {
  const module = await aStarted()
  await module.saveCredentials({ $: 'sealed' })
  assert.equal(bridge.requests('PUT', '/api/nodered/storage').length, 0)
  await module.saveFlows([TAB], DANA)

  const [{ body }] = bridge.requests('PUT', '/api/nodered/storage/flows')
  assert.deepEqual(body, { flows: [TAB], credentials: { $: 'sealed', marks: {} }, ticket: 'ticket-of-dana', base_rev: 0, known_types: ['inject', 'debug'] })
  await module.saveFlows([], DANA)
  assert.equal(bridge.requests('PUT', '/api/nodered/storage/flows')[1].body.base_rev, 1)
  assert.deepEqual(bridge.requests('PUT', '/api/nodered/storage/flows')[1].body.credentials, { $: 'sealed', marks: {} })
  assert.equal(copy().rev, 2)
})

test('a deploy while the bridge is down is refused, and nothing changes', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 3 }
  const module = await aStarted()
  await bridge.stop()
  await module.saveCredentials({ $: 'new' })

  await assert.rejects(module.saveFlows([], DANA), { code: 'bridge_unreachable', status: 503, message: /does not answer/ })
  assert.deepEqual(await module.getFlows(), [TAB])
  assert.deepEqual(copy().flows, [TAB])

  await bridge.start()
  await module.saveFlows([TAB], DANA)
  assert.deepEqual(bridge.snapshot.credentials, {}, 'a reload in between brings the stored credentials back')
})

test('an answer without the number of the deploy counts as none, and the next deploy goes on from what is stored', async () => {
  const module = await aStarted()
  bridge.instead['PUT /api/nodered/storage/flows'] = [{ status: 200, body: {} }]
  await assert.rejects(module.saveFlows([TAB], DANA), { code: 'bridge_unreachable', status: 503 })
  assert.equal(copy().rev, 0)
  await module.saveFlows([TAB], DANA)
  assert.equal(copy().rev, 1)
})

test('credentials stay staged over a refused deploy', async () => {
  const module = await aStarted()
  await module.saveCredentials({ $: 'new' })
  bridge.instead['PUT /api/nodered/storage/flows'] = [refused(422, 'unknown_node_type', 'Not installed: x')]
  await assert.rejects(module.saveFlows([TAB], DANA), { code: 'unknown_node_type', status: 422, message: 'Not installed: x' })
  await module.saveFlows([TAB], DANA)
  assert.deepEqual(bridge.snapshot.credentials, { $: 'new', marks: {} })
})

test('without a ticket nobody deploys', async () => {
  const module = await aStarted()
  await assert.rejects(module.saveFlows([TAB], /** @type {any} */ (undefined)), { status: 401 })
  assert.equal(bridge.requests('PUT', '/api/nodered/storage/flows').length, 0)
})

test('a deploy on an old state is a conflict, and the newer state is loaded', async () => {
  const module = await aStarted()
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 5 }
  await assert.rejects(module.saveFlows([], DANA), { code: 'version_mismatch', status: 409 })
  assert.equal(reloads, 1)
  await module.saveFlows([TAB], DANA)
  assert.equal(bridge.snapshot.rev, 6)
})

test('which deploy an editor has is known by the revision that Node-RED gave it', async () => {
  /** @param {object[]} flows as Node-RED hashes them */
  const revision = flows => createHash('sha256').update(JSON.stringify(flows)).digest('hex')
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 3 }
  const { storage, module, init } = aStorage()
  await init()
  assert.equal(storage.deployOf(revision([TAB])), 3)

  await module.saveFlows([], DANA)
  assert.equal(storage.deployOf(revision([])), 4)
  assert.equal(storage.deployOf(revision([TAB])), 3)
  assert.equal(storage.deployOf(revision([{ id: 'of nobody' }])), undefined)

  await module.saveFlows([TAB], DANA)
  assert.equal(storage.deployOf(revision([TAB])), 5, 'the newest of the same flows')
})

test('with the bridge down flows start from the copy, and what was stored since is loaded when it is back', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 3 }
  await aStarted()
  await bridge.stop()

  const { module, init } = aStorage()
  await init()
  assert.deepEqual(await module.getFlows(), [TAB])

  bridge.snapshot = { ...bridge.snapshot, flows: [TAB, { ...TAB, id: 't2' }], rev: 4 }
  await bridge.start()
  await until(() => reloads === 1)
  assert.equal(copy().rev, 4)
})

test('with neither bridge nor copy it waits, and never answers with emptiness', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 3 }
  await bridge.stop()
  const { module, init } = aStorage()
  let ready = false
  const starting = init().then(() => { ready = true })
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal(ready, false)
  await assert.rejects(module.getCredentials())

  await bridge.start()
  await starting
  assert.deepEqual(await module.getFlows(), [TAB])
})

test('a damaged copy, or an answer that is no snapshot, is not taken for flows', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 3 }
  bridge.instead['GET /api/nodered/storage/snapshot'] = [{ status: 200, body: {} }]
  writeFileSync(join(directory, 'last-good.json'), '{"flows": [')
  const module = await aStarted()
  assert.deepEqual(await module.getFlows(), [TAB])
})

test('a copy that is newer than what is stored is put aside', async () => {
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], rev: 9 }
  await aStarted()
  bridge.snapshot = { ...bridge.snapshot, flows: [], rev: 0 }
  await aStarted()
  assert.deepEqual(readdirSync(directory).sort(), ['last-good-9.json', 'last-good.json'])
})

test('settings that can not be sent are sent later', async () => {
  const module = await aStarted()
  await bridge.stop()
  await module.saveSettings({ users: { dana: {} } })
  assert.deepEqual(copy().settings, { users: { dana: {} } })
  await bridge.start()
  await until(() => bridge.snapshot.settings.users)
})

test('the library keeps entries with what is said about them', async () => {
  const module = await aStarted()
  assert.deepEqual(await module.getLibraryEntry('flows', ''), [])
  await module.saveLibraryEntry('functions', '/a/b.js', { outputs: 2 }, 'return msg')
  assert.equal(await module.getLibraryEntry('functions', '/a/b.js'), 'return msg')
  assert.deepEqual(bridge.library.get('functions/a/b.js').meta, { outputs: 2 })
})

test('what somebody restored is taken over once, and the next deploy builds on it', async () => {
  const { storage, module, init } = aStorage()
  await init()
  const restored = [{ ...TAB, label: 'As it was' }]
  bridge.snapshot = { ...bridge.snapshot, flows: restored, rev: 5, empty: false }
  await storage.refresh()
  await storage.refresh()

  assert.deepEqual(takenOver, [{ flows: restored, credentials: undefined }])
  assert.equal(bridge.requests('PUT', '/api/nodered/storage/flows').length, 0)
  assert.deepEqual([copy().rev, copy().flows], [5, restored])
  await module.saveFlows([TAB], DANA)
  assert.equal(bridge.requests('PUT', '/api/nodered/storage/flows')[0].body.base_rev, 5)
})

test('restored credentials are taken over sealed', async () => {
  const { storage, init } = aStorage()
  await init()
  bridge.snapshot = { ...bridge.snapshot, flows: [TAB], credentials: { $: 'sealed' }, rev: 5, empty: false }
  await storage.refresh()

  assert.deepEqual(takenOver[0].credentials, { $: 'sealed' })
})

test('a deploy that began before something was restored is refused as stale, and loses neither', async () => {
  const { storage, module, init } = aStorage()
  await init()
  bridge.snapshot = { ...bridge.snapshot, flows: [{ ...TAB, label: 'As it was' }], rev: 5, empty: false }
  const [deployed] = await Promise.allSettled([module.saveFlows([TAB], DANA), storage.refresh()])

  assert.equal(/** @type {any} */ (deployed).reason.code, 'version_mismatch')
  assert.equal(bridge.snapshot.rev, 5)
  assert.equal(copy().rev, 5)
})

test('without the bridge nothing is taken over, and what runs goes on', async () => {
  const { storage, init } = aStorage()
  await init()
  await bridge.stop()
  await storage.refresh()

  assert.deepEqual(takenOver, [])
})

/** The whole runtime as it is started: its own process, under Node's permission model. */
'use strict'

const assert = require('node:assert/strict')
const { spawn } = require('node:child_process')
const { once } = require('node:events')
const { mkdtempSync, readFileSync, realpathSync, rmSync } = require('node:fs')
const { createServer } = require('node:net')
const { tmpdir } = require('node:os')
const { join } = require('node:path')
const { after, before, test } = require('node:test')
const { INSTANCE_TOKEN, TestBridge } = require('../../test-support/bridge')
const { until } = require('../../test-support/flows')

const HERE = join(__dirname, '..', '..')
const EXAMPLE = JSON.parse(readFileSync(join(HERE, 'nodes', 'examples', 'Run a command on all Linux targets.json'), 'utf8'))
const SECRET = 'c'.repeat(64)
const HOOK_TOKEN = `opsc_hook_${'d'.repeat(43)}`
const BY_TOKEN = { authorization: `Bearer ${HOOK_TOKEN}` }

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'opsc-red-')))
/** @type {TestBridge} */
let bridge
/** @type {import('node:child_process').ChildProcess} */
let red
let port = 0
let said = ''

/** @returns {Promise<number>} */
async function freePort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  return port
}

before(async () => {
  bridge = await new TestBridge().start()
  port = await freePort()
  const rights = ['--permission', `--allow-fs-read=${HERE}/`, `--allow-fs-read=${directory}/`, `--allow-fs-write=${directory}/`]
  red = spawn(process.execPath, [...rights, join(HERE, 'runtime', 'red.js')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { OPSCONDUCTOR_API_URL: bridge.url, OPSCONDUCTOR_NODERED_PORT: String(port), OPSCONDUCTOR_NODERED_DIR: directory, HOME: directory }
  })
  red.stdout?.on('data', piece => { said += piece })
  red.stdin?.end(`${JSON.stringify({ instanceToken: INSTANCE_TOKEN, credentialSecret: SECRET })}\n`)
  await until(() => said.includes('Started flows'), 15_000)
})

after(async () => {
  red.kill('SIGKILL')
  await bridge.stop()
  rmSync(directory, { recursive: true })
})

/** @param {string} path @param {{ticket?: string | null, method?: string, body?: any, headers?: Record<string, string>}} [options] */
async function ask (path, { ticket = 'ticket-of-dana', method = 'GET', body, headers = {} } = {}) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { accept: 'application/json', 'content-type': 'application/json', ...(ticket && { 'x-opsc-session': ticket }), ...headers },
    body: body && JSON.stringify(body)
  })
  return { status: answer.status, headers: answer.headers, text: () => answer.text(), json: () => /** @type {Promise<any>} */ (answer.json()) }
}

/** @param {any[]} flows @param {string} [ticket] */
async function deploy (flows, ticket) {
  const headers = { 'Node-RED-API-Version': 'v2' }
  const { rev } = await (await ask('/nodered/flows', { headers })).json()
  return ask('/nodered/flows', { method: 'POST', headers, ticket, body: { flows, rev } })
}

/** Press the button of an inject node; Node-RED answers a deploy before the new nodes are there. @param {string} id */
async function press (id) {
  const deadline = Date.now() + 15_000
  while ((await ask(`/nodered/inject/${id}`, { method: 'POST', body: {} })).status !== 200) {
    assert.ok(Date.now() < deadline, 'there is no such node')
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

test('health is open to all, everything else needs a session', async () => {
  const health = await ask('/nodered/health', { ticket: null })
  assert.deepEqual([health.status, await health.json()], [200, { status: 'ok', flows: 'started' }])
  for (const path of ['/nodered/', '/nodered/settings', '/nodered/red/red.min.js', '/nodered/opsconductor/targets']) {
    assert.equal((await ask(path, { ticket: null })).status, 401, path)
    assert.equal((await ask(path, { ticket: 'forged' })).status, 401, path)
  }
})

test('the editor comes with a policy without eval, and our theme', async () => {
  const page = await ask('/nodered/', { headers: { accept: 'text/html' } })
  assert.equal(page.status, 200)
  assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
  assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /unsafe-eval/)
  const { page: { css } } = await (await ask('/nodered/theme')).json()
  const styles = await Promise.all(css.map(async (/** @type {string} */ path) => (await ask(`/nodered/${path}`)).text()))
  assert.ok(styles.some((/** @type {string} */ style) => style.includes('#0f766e')))
})

test('both nodes are there, and nothing dangerous is', async () => {
  const sets = await (await ask('/nodered/nodes')).json()
  const types = sets.flatMap((/** @type {any} */ set) => set.types)
  for (const type of ['opsconductor-target-selector', 'opsconductor-command-executor', 'inject']) assert.ok(types.includes(type), type)
  for (const type of ['exec', 'file', 'file in', 'watch', 'tcp in', 'udp in']) assert.ok(!types.includes(type), type)
  assert.deepEqual(sets.filter((/** @type {any} */ set) => set.err), [])
})

test('a viewer can not deploy, a designer can, and the flow works', async () => {
  assert.equal((await deploy(EXAMPLE, 'ticket-of-vic')).status, 401)
  const deployed = await deploy(EXAMPLE)
  assert.equal(deployed.status, 200)
  assert.equal(bridge.requests('PUT', '/api/nodered/storage/flows')[0].body.ticket, 'ticket-of-dana')

  await press('5d0c8a1f3b7e4c02')
  await until(() => bridge.executions.size === 1)
  const [{ body }] = bridge.requests('POST', '/api/workflow/execute')
  assert.equal(body.workflow_context.node_red_flow_id, '5d0c8a1f3b7e4c01')
  assert.equal(body.target_ids.length, 2)
})

test('an unknown node type and an old revision are refused with the reason', async () => {
  const unknown = await deploy([...EXAMPLE, { id: 'x', type: 'nope', z: EXAMPLE[0].id, wires: [] }])
  assert.equal(unknown.status, 422)
  assert.match((await unknown.json()).message, /nope/)
  const stale = await ask('/nodered/flows', { method: 'POST', headers: { 'Node-RED-API-Version': 'v2' }, body: { flows: EXAMPLE, rev: 'old' } })
  assert.equal(stale.status, 409)
})

test('a function that breaks out finds no secrets in the environment, runs nothing and reads nothing', async () => {
  const escape = `const p = RED.util.cloneMessage.constructor('return process')()
    const tried = act => { try { return act() } catch (error) { return error.code } }
    msg.payload = {
      env: JSON.stringify(p.env),
      shell: tried(() => p.getBuiltinModule('child_process').execSync('id').toString()),
      file: tried(() => p.getBuiltinModule('fs').readFileSync('/etc/passwd', 'utf8')),
      stdin: tried(() => p.getBuiltinModule('fs').readFileSync(0, 'utf8'))
    }
    return msg`
  const tab = { id: 'esc', type: 'tab', label: 'Escape' }
  const flow = [
    tab,
    { id: 'in', type: 'http in', z: 'esc', url: '/escape', method: 'get', upload: false, swaggerDoc: '', x: 1, y: 1, wires: [['fn']] },
    { id: 'fn', type: 'function', z: 'esc', func: escape, outputs: 1, noerr: 0, libs: [], x: 1, y: 1, wires: [['res']] },
    { id: 'res', type: 'http response', z: 'esc', statusCode: '', headers: {}, x: 1, y: 1, wires: [] }
  ]
  assert.equal((await deploy(flow)).status, 200)
  await new Promise(resolve => setTimeout(resolve, 300))
  assert.equal((await ask('/hooks/escape', { ticket: null })).status, 401)
  bridge.hooks['GET /escape'] = HOOK_TOKEN
  const answer = await ask('/hooks/escape', { ticket: null, headers: BY_TOKEN })
  const found = await answer.json()
  assert.equal(answer.headers.get('content-security-policy'), 'sandbox')
  assert.equal(found.shell, 'ERR_ACCESS_DENIED')
  assert.equal(found.file, 'ERR_ACCESS_DENIED')
  for (const secret of [INSTANCE_TOKEN, SECRET]) assert.ok(!JSON.stringify(found).includes(secret))
})

test('with the bridge away nobody gets in, not even to a hook, and all is well once it is back', async () => {
  await bridge.stop()
  await new Promise(resolve => setTimeout(resolve, 1_100))
  assert.equal((await ask('/nodered/flows')).status, 401)
  assert.equal((await ask('/nodered/health', { ticket: null })).status, 200)
  const hook = await ask('/hooks/escape', { ticket: null, headers: BY_TOKEN })
  assert.deepEqual([hook.status, hook.headers.get('retry-after'), (await hook.json()).code], [503, '2', 'hook_unchecked'])
  await bridge.start()
  assert.equal((await ask('/hooks/escape', { ticket: null, headers: BY_TOKEN })).status, 200)
})

test('it says everything in JSON, no secret among it, and stops in time', async () => {
  const exited = once(red, 'exit')
  const began = Date.now()
  red.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
  assert.ok(Date.now() - began < 5_000)
  for (const line of said.trim().split('\n')) assert.ok(JSON.parse(line).event)
  for (const secret of [INSTANCE_TOKEN, SECRET, 'ticket-of-dana', HOOK_TOKEN]) assert.ok(!said.includes(secret))
})

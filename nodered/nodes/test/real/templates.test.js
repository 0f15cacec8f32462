/** What shipped templates run, as they ship it: only what their comments say has to be set is set. */
'use strict'

const assert = require('node:assert/strict')
const { execFileSync } = require('node:child_process')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { test } = require('node:test')
const tls = require('node:tls')
const { aRealFlow, askCore, facts } = require('../../../test-support/real')

const SHIPPED = join(__dirname, '..', '..', '..', '..', 'src', 'opsconductor', 'templates', 'shipped')
const { folder, many, targets } = facts()
const NINE = many.slice(0, 9)

/**
 * Sends targets through the executor of a template and returns its execution with its results, and what left the node.
 * @param {string} slug
 * @param {any[]} targets
 * @param {Record<string, string>} given values of parameters
 */
async function ran (slug, targets, given) {
  const { template_data: nodes } = JSON.parse(readFileSync(join(SHIPPED, `${slug}.json`), 'utf8'))
  const [shipped] = nodes.filter((/** @type {any} */ node) => node.type === 'opsconductor-command-executor')
  const parameters = shipped.parameters.map((/** @type {any} */ one) => ({ ...one, value: given[one.name] ?? one.value }))
  const flow = await aRealFlow({ ...shipped, id: 'executor', runAs: '', parameters, wires: [['out'], ['bad']] })
  flow.send('executor', { targets })
  await flow.arrived()
  const msg = flow.out[0] ?? flow.bad[0]
  const found = { out: [...flow.out], bad: [...flow.bad], caught: [...flow.caught] }
  await flow.close()
  const execution = await askCore(`/executions/${msg.executionId}`)
  const { items } = await askCore(`/executions/${msg.executionId}/results?limit=200`)
  const batches = Map.groupBy(items, (/** @type {any} */ one) => one.batch)
  return { ...found, execution, batches: [...batches].sort(([one], [other]) => one - other).map(([, batch]) => batch) }
}

/** Fails where one batch was begun before the one before it had ended. @param {any[][]} batches */
function assertOneAfterTheOther (batches) {
  for (let number = 1; number < batches.length; number++) {
    const ended = batches[number - 1].map(one => one.finished_at).sort().at(-1)
    const begun = batches[number].map(one => one.started_at).sort()[0]
    assert.ok(ended <= begun, `batch ${number} was begun at ${begun}, the one before it ended at ${ended}`)
  }
}

/** @param {any[][]} batches */
function statuses (batches) {
  return batches.map(batch => [...new Set(batch.map(one => one.status))].join())
}

test('a rolling restart begins with one target and goes on by quarters, one batch after the other', async () => {
  const { execution, batches, out, caught } = await ran('rolling-restart', NINE, { RESTART: 'sleep', SERVICE: '0.2', CHECK: 'test -n' })

  const { canary, batch_size: size, max_failures: failures } = execution.strategy
  assert.deepEqual([canary, size, failures], [1, '25%', 1])
  assert.deepEqual([batches[0].length, batches.flat().length, execution.batch_count], [1, 9, batches.length])
  assert.ok(batches.length > 3 && batches.slice(1).every(batch => batch.length <= 3), JSON.stringify(batches.map(batch => batch.length)))
  assertOneAfterTheOther(batches)
  assert.deepEqual([out[0].targetCount, caught.length], [9, 0])
})

test('a rolling restart goes on after one failure, and stops at the second: what comes later is not touched', async () => {
  const { execution, batches, bad, caught } = await ran('rolling-restart', NINE, { RESTART: 'false' })

  assert.equal(execution.stop_reason, 'failures')
  assert.equal(statuses(batches)[0], 'failed')
  assert.ok(statuses(batches)[1].includes('failed'))
  assert.ok(batches.length > 3 && statuses(batches.slice(2)).every(status => status === 'skipped'), statuses(batches).join(' '))
  assert.deepEqual([bad[0].targetCount, caught.length], [9, 1])
})

test('patching begins with a canary and goes on by fifths, one batch after the other', async () => {
  const { execution, batches, out } = await ran('patching-canary', NINE, { PATCH: 'sleep 0.2', REBOOT: '/nowhere' })

  const { canary, batch_size: size, max_failures: failures } = execution.strategy
  assert.deepEqual([canary, size, failures], [1, '20%', 0])
  assert.deepEqual([batches[0].length, batches.flat().length, execution.batch_count], [1, 9, batches.length])
  assert.ok(batches.length > 4 && batches.slice(1).every(batch => batch.length <= 2), JSON.stringify(batches.map(batch => batch.length)))
  assertOneAfterTheOther(batches)
  assert.equal(out[0].targetCount, 9)
})

test('patching that fails on the canary touches no other target', async () => {
  const touched = join(folder, 'patched')
  const { execution, batches, bad } = await ran('patching-canary', NINE, { PATCH: `echo x >> ${touched}; false` })

  assert.equal(execution.stop_reason, 'failures')
  assert.deepEqual(statuses(batches), ['failed', ...batches.slice(1).map(() => 'skipped')])
  assert.equal(readFileSync(touched, 'utf8'), 'x\n')
  assert.equal(bad[0].targetCount, 9)
})

/** Serves TLS with a certificate that is good for so many days; returns its address. @param {import('node:test').TestContext} t @param {number} days */
async function aTlsServer (t, days) {
  const [key, cert] = ['key', 'cert'].map(name => join(folder, `${name}-${days}.pem`))
  const wanted = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=localhost']
  execFileSync('openssl', [...wanted, '-days', String(days), '-keyout', key, '-out', cert], { stdio: 'ignore' })
  const server = tls.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, socket => socket.on('error', () => {}).end())
  await new Promise(resolve => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  t.after(() => server.close())
  return `127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (server.address()).port}`
}

test('certificates of TLS servers that end soon are told, those that do not are good, and silence is no certificate', async t => {
  const [soon, later] = [await aTlsServer(t, 10), await aTlsServer(t, 300)]
  /** @param {string} SERVERS @param {string} [DAYS] */
  const looked = async (SERVERS, DAYS = '30') => {
    const { out } = await ran('certificate-expiry', targets.slice(0, 1), { FILES: '', SERVERS, DAYS })
    const [{ exit_code: code, output_text: text }] = out[0].results
    return { code, lines: text.trim().split('\n') }
  }

  const both = await looked(`${soon} ${later}`)
  assert.equal(both.code, 3)
  assert.match(both.lines[0], new RegExp(`^${soon}: ENDS .* GMT$`))
  assert.match(both.lines[1], new RegExp(`^${later}: good until .* GMT$`))
  assert.equal((await looked(later)).code, 0)
  assert.equal((await looked(soon, '5')).code, 0)
  assert.deepEqual(await looked('127.0.0.1:1'), { code: 2, lines: ['127.0.0.1:1: no certificate can be read'] })
})

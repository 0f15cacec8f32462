'use strict'

const assert = require('node:assert/strict')
const { createServer } = require('node:http')
const { test } = require('node:test')
const { until } = require('../../../test-support/flows')
const { HEALTH, aRealFlow, facts } = require('../../../test-support/real')

const { targets, gone, many } = facts()

/** Sends one message through a health check and returns what comes of it. @param {object} config @param {any[]} [checked] @param {number} [outputs] */
async function checked (config, checked = targets, outputs = 1) {
  const flow = await aRealFlow({ ...HEALTH, ...config })
  flow.send('health', { targets: checked, topic: 'kept' })
  await flow.arrived(outputs)
  const found = { healthy: flow.out[0], warning: flow.bad[0], critical: flow.third[0], error: flow.caught[0]?.error.message, statuses: [...flow.statuses] }
  await flow.close()
  return found
}

test('healthy targets go out of the first output with their figures', async () => {
  const { healthy, statuses } = await checked({ diskWarning: '101', diskCritical: '101', memoryWarning: 101, memoryCritical: 101 })
  assert.deepEqual([healthy.targetCount, healthy.health, healthy.topic], [3, 'healthy', 'kept'])
  assert.deepEqual(healthy.payload[0].checks.map((/** @type {any} */ check) => check.name), ['latency_ms', 'disk_percent', 'memory_percent'])
  assert.ok(healthy.results.every((/** @type {any} */ result) => !('output_text' in result)))
  assert.deepEqual(statuses.at(-1), { fill: 'green', shape: 'dot', text: '3 healthy, 0 warning, 0 critical' })
})

test('a threshold that is reached warns, the second one is critical', async () => {
  const { warning } = await checked({ memoryWarning: '0.1', memoryCritical: '1000' })
  assert.deepEqual([warning.targetCount, warning.payload[0].state], [3, 'warning'])
  const { critical, error } = await checked({ memoryWarning: '0.1', memoryCritical: '0.2', outputFormat: 'summary' })
  assert.deepEqual(critical.payload, { healthy: 0, warning: 0, critical: 3, targets: ['target-1', 'target-2', 'target-3'] })
  assert.equal(error, undefined)
})

test('a target that can not be signed in to, and a service that is not there, are critical', async () => {
  const { healthy, critical } = await checked({}, [...targets, gone], 2)
  assert.deepEqual([healthy.targetCount, critical.targetIds], [3, [gone.id]])
  assert.equal(critical.payload[0].status, 'unreachable')
  const services = await checked({ services: 'no-such-thing.service' })
  assert.match(services.critical.payload[0].message, /no-such-thing/)
})

test('ports and web servers are tried from the target', async () => {
  const { url } = facts().core
  const { port } = new URL(url)
  const { healthy } = await checked({ tcpPorts: port, http: `${url}/health\n${url}/nothing 404` })
  assert.deepEqual(healthy.payload[0].checks.slice(1).map((/** @type {any} */ check) => check.value), ['open', 200, 404])
  const { critical } = await checked({ tcpPorts: '127.0.0.1:1' })
  assert.match(critical.payload[0].message, /port 127.0.0.1:1 is closed/)
})

test('a durable check is done once, and its message goes on once, over a restart in the middle', async t => {
  let asked = 0
  const server = createServer((_, res) => { asked++; setTimeout(() => res.end(), 2_000) }).listen(0, '127.0.0.1')
  t.after(() => server.close())
  await until(() => server.listening)
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  const node = { ...HEALTH, id: 'durable-check', durable: true, http: `http://127.0.0.1:${port}/` }
  const before = await aRealFlow(node)
  before.send(node.id, { targets: targets.slice(0, 1), topic: 'kept' })
  await until(() => asked)
  await before.close()
  assert.equal(before.out.length + before.third.length, 0)

  const after = await aRealFlow(node)
  await after.arrived()
  assert.deepEqual([after.out[0].topic, after.out[0].health, asked], ['kept', 'healthy', 1])
})

test('200 targets are checked at once', async () => {
  const { healthy, critical } = await checked({}, many, 2)
  assert.deepEqual([healthy.targetCount, critical.targetCount], [200, 1])
})

test('thresholds that can not be are an error at each message', async () => {
  assert.match((await checked({ diskWarning: '90', diskCritical: '80' })).error, /must not be critical before it warns/)
  assert.match((await checked({ diskWarning: '90' })).error, /disk usage that is critical must be a number/)
  assert.match((await checked({ tcpPorts: 'db' })).error, /port must be host:port/)
  assert.match((await checked({ http: 'ftp://x' })).error, /web address must be a URL/)
  assert.match((await checked({ services: 'a;b' })).error, /service must be the name of a systemd unit/)
})

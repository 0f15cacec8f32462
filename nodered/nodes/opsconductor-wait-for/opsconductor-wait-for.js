/** Waits for a time, for the end of an execution, or until targets are back; also over restarts of Node-RED. */
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { numberOf, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { executed, parted } = require('../lib/execution')
const { look } = require('../lib/statuses')
const { targetsOf, withTargets } = require('../lib/targets')
const { TEXT_TYPES, VALUE_TYPES, textOf, valueOf } = require('../lib/values')
const { held } = require('../lib/waits')
const migrations = require('./migrations')

const KINDS = /** @type {const} */ (['time', 'until', 'execution', 'targets'])
const UNITS = { seconds: 1_000, minutes: 60_000, hours: 3_600_000, days: 86_400_000 } // ms
const UNIT_NAMES = /** @type {(keyof typeof UNITS)[]} */ (Object.keys(UNITS))
const LONGEST_TIMER = 2 ** 31 - 1 // ms; longer ones fire at once
const LONGEST = 366 * UNITS.days
const LONGEST_TIMEOUT = 86_400 // s; as an execution's
const AT_ONCE = 10_000 // messages that are held at the same time

/** @typedef {import('../lib/define-node').Work<Settings>} Work */
/** @typedef {import('../lib/define-node').Outcome} Outcome */
/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {typeof KINDS[number]} kind
 * @property {number} length ms
 * @property {{value: string, type: typeof VALUE_TYPES[number]}} until
 * @property {{value: string, type: typeof TEXT_TYPES[number]}} execution
 * @property {number} timeout s, 0 for none
 * @property {boolean} cancelOnStop always false: what is waited for goes on without us
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  const kind = oneOf(config.kind, KINDS, 'What to wait for')
  const unit = UNITS[oneOf(config.unit, UNIT_NAMES, 'The unit')]
  const most = kind === 'targets' ? LONGEST_TIMEOUT : LONGEST / 1_000
  return {
    name: config.name || '',
    kind,
    length: kind === 'time' ? numberOf(config.amount, { name: 'The time', least: 0, most: LONGEST / unit }) * unit : 0,
    until: { value: String(config.until ?? ''), type: oneOf(config.untilType, VALUE_TYPES, 'The kind of instant') },
    execution: { value: String(config.execution ?? ''), type: oneOf(config.executionType, TEXT_TYPES, 'The kind of execution') },
    timeout: numberOf(config.timeout, { name: 'The timeout', least: kind === 'targets' ? 1 : 0, most }),
    cancelOnStop: false
  }
}

/** @param {Work} work */
function run (work) {
  return held(work, () => WAYS[work.settings.kind].begin(work), facts => WAYS[work.settings.kind].until(work, facts))
}

/** @type {Record<Settings['kind'], {begin: (work: Work) => Promise<any>, until: (work: Work, facts: any) => Promise<Outcome>}>} */
const WAYS = {
  time: {
    begin: async ({ settings }) => ({ at: Date.now() + settings.length }),
    until: untilInstant
  },
  until: {
    begin: async work => ({ at: await instantOf(work) }),
    until: untilInstant
  },
  execution: {
    begin: async work => ({ id: await textOf(work, work.settings.execution.value, work.settings.execution.type, 'execution'), by: deadline(work) }),
    until: untilEnded
  },
  targets: {
    begin: async ({ msg }) => ({ targets: targetsOf(msg), since: Date.now() }),
    until: untilBack
  }
}

/** @param {Work} work @param {{at: number}} facts */
async function untilInstant ({ msg, show, signal }, { at }) {
  show(look('scheduled', `until ${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}`))
  for (let left = at - Date.now(); left > 0; left = at - Date.now()) await sleep(Math.min(left, LONGEST_TIMER), undefined, { signal })
  return { outputs: [msg, null], status: look('completed', 'went on') }
}

/** @param {Work} work */
async function instantOf (work) {
  const { value, type } = work.settings.until
  const found = await valueOf(work, value, type)
  const at = typeof found === 'number' ? found : Date.parse(String(found))
  if (!Number.isFinite(at)) {
    const given = JSON.stringify(found) ?? 'nothing'
    throw new Error(`${type} "${value}" gives ${given}, which is no instant; give one as 2026-03-01T10:00:00Z or in ms.`)
  }
  if (at - Date.now() > LONGEST) throw new Error(`${new Date(at).toISOString()} is more than a year away.`)
  return at
}

/** @param {Work} work @param {{id: string, by: number | null}} facts */
async function untilEnded (work, { id, by }) {
  const { bridge, msg, signal, show } = work
  show(look('running', 'waiting'))
  const limit = by === null ? signal : AbortSignal.any([signal, timeLeft(by)])
  try {
    const { status, counts } = await bridge.ended(id, () => {}, { limit })
    Object.assign(msg, { executionId: id, executionStatus: status, payload: { execution_id: id, status, counts } })
    return { outputs: [msg, null], status: look(status, status) }
  } catch (error) {
    if (!limit.aborted || signal.aborted) throw error
    return { outputs: [null, Object.assign(msg, { executionId: id })], status: look('timed_out', 'not in time') }
  }
}

/** @param {Work} work */
function deadline ({ settings }) {
  return settings.timeout ? Date.now() + settings.timeout * 1_000 : null
}

/** @param {number} by ms */
function timeLeft (by) {
  return AbortSignal.timeout(Math.min(Math.max(by - Date.now(), 0), LONGEST_TIMER))
}

/** @param {Work} work @param {{targets: import('../lib/targets').Target[]}} facts */
async function untilBack (work, { targets }) {
  const { RED, msg, settings: { timeout } } = work
  const parameters = { until: 'reachable', timeout }
  const order = { title: 'Wait for Targets', description: 'Waited for by a Node-RED workflow.', type: 'wait', parameters }
  const { results, execution_id: id } = await executed(work, targets, order, { outputs: false })
  const [back, away] = parted(targets, results, result => result.status === 'completed' ? 0 : 1, 2)
  msg.executionId = id
  const second = away.length ? withTargets(RED.util.cloneMessage(msg), away) : null
  const first = back.length ? withTargets(msg, back) : null
  const text = away.length ? `${away.length} of ${targets.length} not back` : `${back.length} back`
  return { outputs: [first, second], status: look(away.length ? 'timed_out' : 'completed', text) }
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-wait-for', { migrations, settings, run, maxInFlight: () => AT_ONCE, durable: () => true })
}

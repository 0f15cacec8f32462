/** Checks the health of targets, and sends each out of the output for how it is. */
'use strict'

const { ConfigError, numberOf, oneOf, wordOf } = require('../lib/config')
const { defineRunner } = require('../lib/define-runner')
const { executed, parted } = require('../lib/execution')
const { countsOf, handleOf, told } = require('../lib/results')
const { isSet, workSettings } = require('../lib/run-settings')
const { look } = require('../lib/statuses')
const { targetsOf, withTargets } = require('../lib/targets')
const migrations = require('./migrations')

const STATES = /** @type {const} */ (['healthy', 'warning', 'critical'])
const FORMATS = /** @type {const} */ (['checks', 'summary'])
const SERVICE = /^[A-Za-z0-9@_.:\\-]{1,200}$/
const PORT = /^([A-Za-z0-9][A-Za-z0-9.-]{0,252}:)?[0-9]{1,5}$/
const URL_AND_STATUS = /^https?:\/\/[A-Za-z0-9.[\]:_~/?&=%+,@-]{1,500}(\s+[1-5]\d\d)?$/
const MOST = 20 // of each kind
/** Names of the thresholds in the configuration, in the API, and for people. */
const LIMITS = /** @type {const} */ ([
  ['latency', 'latency_ms', 'The latency'],
  ['disk', 'disk_percent', 'The disk usage'],
  ['memory', 'memory_percent', 'The memory usage'],
  ['load', 'load_per_cpu', 'The load']
])

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {import('../lib/execution').Work<Settings>} Work */
/** @typedef {{name: string, state: string, value: number | string | null, message: string}} Check */
/** @typedef {Result & {state: typeof STATES[number], checks: Check[]}} Health */
/** @typedef {{checks: object, format: typeof FORMATS[number]}} Own `checks` as the API has them */
/** @typedef {import('../lib/run-settings').WorkSettings & Own} Settings */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  const limits = LIMITS.map(([key, name, words]) => [name, limitsOf(config[`${key}Warning`], config[`${key}Critical`], words)])
  const common = workSettings(config)
  return {
    ...common,
    cancelOnStop: true, // nobody waits for what it would find
    checks: {
      ...Object.fromEntries(limits.filter(([, found]) => found)),
      services: listOf(words(config.services), SERVICE, 'A service', 'the name of a systemd unit'),
      tcp_ports: listOf(words(config.tcpPorts), PORT, 'A port', 'host:port, or a port of the target itself'),
      http: listOf(lines(config.http), URL_AND_STATUS, 'A web address', 'a URL and, where it is not 200, the status').map(serverOf),
      timeout: common.timeout
    },
    format: oneOf(config.outputFormat, FORMATS, 'The output format')
  }
}

/** Returns a pair of thresholds, or null where neither is set. @param {unknown} warning @param {unknown} critical @param {string} name */
function limitsOf (warning, critical, name) {
  if (!isSet(warning) && !isSet(critical)) return null
  const found = {
    warning: numberOf(warning ?? '', { name: `${name} that warns`, least: 0.01, most: 1e9 }),
    critical: numberOf(critical ?? '', { name: `${name} that is critical`, least: 0.01, most: 1e9 })
  }
  if (found.critical < found.warning) throw new ConfigError(`${name} must not be critical before it warns.`)
  return found
}

/** @param {unknown} text with commas or blanks between */
function words (text) {
  return String(text ?? '').split(/[\s,]+/).filter(Boolean)
}

/** @param {unknown} text one on each line */
function lines (text) {
  return String(text ?? '').split('\n').map(line => line.trim()).filter(Boolean)
}

/** @param {string[]} given @param {RegExp} form @param {string} name @param {string} words what each must be */
function listOf (given, form, name, words) {
  if (given.length > MOST) throw new ConfigError(`At most ${MOST} of a kind can be checked at once.`)
  return given.map(one => wordOf(one, form, name, words))
}

/** @param {string} line */
function serverOf (line) {
  const [url, status] = line.split(/\s+/)
  return { url, status: Number(status ?? 200) }
}

/** @param {Work} work */
async function run (work) {
  const { RED, msg, settings } = work
  const targets = targetsOf(msg)
  const order = {
    title: 'Check Health', description: 'Executed by a Node-RED workflow.', type: 'health_check', parameters: settings.checks
  }
  const ended = await executed(work, targets, order, { outputs: false })
  const results = ended.results.map(result => healthOf(ended.execution_id, result))
  const counts = { healthy: 0, warning: 0, critical: 0, ...countsOf(results, result => result.state) }
  const sides = parted(targets, results, result => STATES.indexOf(result.state), STATES.length)
  const outputs = STATES.map((state, number) => {
    if (!counts[state]) return null
    const mine = results.filter(result => result.state === state)
    const copy = withTargets(RED.util.cloneMessage(msg), sides[number])
    return Object.assign(copy, { payload: payloadOf(settings, counts, mine), executionId: ended.execution_id, results: mine, health: state })
  })
  const worst = counts.critical ? 'failed' : counts.warning ? 'timed_out' : 'completed'
  return { outputs, status: look(worst, told(counts)) }
}

/** What could not be checked at all is critical. @param {string} executionId @param {Result} result @returns {Health} */
function healthOf (executionId, result) {
  const detail = result.steps?.[0]?.detail ?? {}
  const state = STATES.find(one => one === detail.state) ?? 'critical'
  return { ...handleOf(executionId, result), state, checks: detail.checks ?? [] }
}

/** @param {Settings} settings @param {Record<string, number>} counts @param {Health[]} results */
function payloadOf ({ format }, counts, results) {
  if (format === 'summary') return { ...counts, targets: results.map(result => result.target_name) }
  return results.map(({ target_id, target_name, state, status, error_message, checks }) => ({
    target_id, target_name, state, status, message: error_message, checks
  }))
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineRunner(RED, 'opsconductor-health-check', { migrations, settings, run })
}

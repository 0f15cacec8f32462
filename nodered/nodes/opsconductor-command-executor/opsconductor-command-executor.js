/** Runs a command on targets and waits for the end. */
'use strict'

const { ConfigError, numberOf, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { ended, look } = require('../lib/statuses')
const migrations = require('./migrations')
const { formatted, succeeded, summaryOf } = require('./results')
const { targetsOf } = require('./targets')

const FORMATS = /** @type {const} */ (['summary', 'results_only', 'detailed'])
const COMMAND_TYPES = /** @type {const} */ (['str', 'msg', 'flow', 'global', 'env', 'jsonata'])
const LONGEST_TIMEOUT = 86_400 // s
const CANCEL_WITHIN = 1_500 // ms; a stopping node gets no more than 2 s
const SHOWN = 200 // characters of the command in the description

/** @typedef {import('../lib/bridge').Results} Results */
/** @typedef {import('../lib/define-node').Work<Settings>} Work */
/** @typedef {import('./targets').Target} Target */
/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {string} command
 * @property {typeof COMMAND_TYPES[number]} commandType
 * @property {number} timeout s
 * @property {number} retryCount
 * @property {boolean} continueOnFailure
 * @property {typeof FORMATS[number]} format
 * @property {number} maxInFlight
 * @property {boolean} cancelOnStop
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  if (typeof config.command !== 'string' || !config.command.trim()) throw new ConfigError('The command is missing.')
  return {
    name: config.name || '',
    command: config.command,
    commandType: oneOf(config.commandType, COMMAND_TYPES, 'The kind of command'),
    timeout: numberOf(config.timeout, { name: 'The timeout', least: 1, most: LONGEST_TIMEOUT }),
    retryCount: numberOf(config.retryCount, { name: 'The number of retries', least: 0, most: 10, whole: true }),
    continueOnFailure: Boolean(config.continueOnFailure),
    format: oneOf(config.outputFormat, FORMATS, 'The output format'),
    maxInFlight: numberOf(config.maxInFlight, { name: 'The number of messages at once', least: 1, most: 100, whole: true }),
    cancelOnStop: Boolean(config.cancelOnStop)
  }
}

/** @param {Work} work */
async function run (work) {
  const { bridge, msg, settings, show } = work
  const targets = targetsOf(msg)
  const command = await commandOf(work)
  show(look('running', `running 0/${targets.length}`))
  const { execution_id: id } = await bridge.execute(requestOf(work, targets, command), work.key)
  await endOf(work, id, targets.length)
  const results = await bridge.results(id)
  if (results.results.length !== targets.length) {
    throw new Error(`Execution ${id} has ${results.results.length} results for ${targets.length} targets.`)
  }
  Object.assign(msg, {
    payload: formatted(settings.format, command, results),
    executionId: id,
    results: results.results,
    successfulTargets: results.results.filter(succeeded),
    failedTargets: results.results.filter(result => !succeeded(result))
  })
  return outcome(work, targets, results)
}

/** @param {Work} work @returns {Promise<string>} */
async function commandOf ({ RED, node, msg, settings }) {
  const { command, commandType } = settings
  const value = commandType === 'str'
    ? command
    : await new Promise((resolve, reject) => RED.util.evaluateNodeProperty(
      command, commandType, node, msg, (error, found) => error ? reject(error) : resolve(found)
    ))
  if (typeof value !== 'string' || !value.trim()) {
    throw new Error(`There is no command: ${commandType} "${command}" gives ${value === '' ? 'nothing' : JSON.stringify(value) ?? 'nothing'}.`)
  }
  return value
}

/** @param {Work} work @param {Target[]} targets @param {string} command */
function requestOf ({ bridge, node, msg, settings }, targets, command) {
  const { name, timeout, retryCount } = settings
  return {
    name: `Node-RED: ${name || 'Command Execution'}`.slice(0, 300),
    description: `Executed by a Node-RED workflow: ${command.slice(0, SHOWN)}`,
    actions: [{
      action_type: 'command',
      action_name: 'Execute Command',
      action_parameters: { command, timeout, retry_count: retryCount }
    }],
    target_ids: targets.map(target => target.id),
    execute_immediately: true,
    workflow_context: {
      node_red_flow_id: node.z ?? '',
      node_id: node.id,
      node_name: name.slice(0, 255) || null,
      run_id: bridge.run.id,
      msg_id: String(msg._msgid ?? '').slice(0, 255) || null
    }
  }
}

/** Waits for the end of the whole execution, not of its first results. @param {Work} work @param {string} id @param {number} count */
async function endOf ({ bridge, settings, signal, show }, id, count) {
  try {
    await bridge.ended(id, state => show(look('running', `running ${ended(state.counts)}/${count}`)))
  } catch (error) {
    if (signal.aborted && settings.cancelOnStop) await bridge.cancel(id, AbortSignal.timeout(CANCEL_WITHIN))
    throw error
  }
}

/**
 * The first output goes on with the targets that succeeded, the second with the others, each where there are any.
 * "Continue on failure" means that the first one always goes on and nothing is an error.
 * @param {Work} work
 * @param {Target[]} targets
 * @param {Results} ended
 */
function outcome ({ RED, msg, settings }, targets, ended) {
  const { successful, failed, counts } = summaryOf(ended)
  const good = new Set(ended.results.filter(succeeded).map(result => result.target_id))
  const second = failed ? withTargets(RED.util.cloneMessage(msg), targets.filter(target => !good.has(target.id))) : null
  const first = successful || settings.continueOnFailure ? withTargets(msg, targets.filter(target => good.has(target.id))) : null
  const text = failed ? `${failed} of ${targets.length} failed` : `ok ${successful}/${targets.length}`
  return {
    outputs: [first, second],
    status: look(failed ? 'failed' : 'completed', text),
    error: failed && !settings.continueOnFailure ? new Error(`The command failed on ${failed} of ${targets.length} targets (${told(counts)}).`) : undefined
  }
}

/** @param {any} msg @param {Target[]} targets */
function withTargets (msg, targets) {
  return Object.assign(msg, { targets, targetIds: targets.map(target => target.id), targetCount: targets.length })
}

/** @param {Record<string, number>} counts */
function told (counts) {
  return Object.entries(counts).map(([status, count]) => `${count} ${status}`).join(', ')
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-command-executor', { migrations, settings, run, maxInFlight: settings => settings.maxInFlight })
}

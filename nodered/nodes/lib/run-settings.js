/** The settings of every node that runs something on targets: how long, how many at once, when to stop, what to tell. */
'use strict'

const { numberOf, oneOf, wordOf } = require('./config')
const { FORMATS } = require('./results')

const LONGEST_TIMEOUT = 86_400 // s
const MOST_TARGETS = 10_000
const AMOUNT = /^(\d{1,5}|(100|[1-9]?\d)(\.\d{1,2})?%)$/
const OUTPUTS = /** @type {const} */ (['auto', 'always', 'never'])
const MOST_WITH_OUTPUTS = 200 // targets; what more of them wrote may be gigabytes, and Node-RED clones messages

/**
 * @typedef {object} WorkSettings of every node that has something done
 * @property {string} name
 * @property {number} timeout s
 * @property {number} maxInFlight
 * @property {boolean} cancelOnStop
 * @property {boolean} durable holds the message meanwhile, over restarts; what runs is not cancelled by a stop then
 */
/**
 * @typedef {object} OrderSettings of nodes with two outputs
 * @property {number} retryCount
 * @property {boolean} idempotent whether doing it twice does no harm
 * @property {boolean} continueOnFailure
 * @property {import('./results').Format} format
 * @property {typeof OUTPUTS[number]} outputs
 * @property {Record<string, string | number>} strategy as the API has it
 */
/** @typedef {WorkSettings & OrderSettings} RunSettings */

/** What is added to a saved configuration of before there were waves of targets. */
const WITHOUT_STRATEGY = { parallelism: '', batchSize: '', canary: '', maxFailures: '' }

/** @param {import('./config').Config} config @returns {WorkSettings} */
function workSettings (config) {
  return {
    name: config.name || '',
    timeout: numberOf(config.timeout, { name: 'The timeout', least: 1, most: LONGEST_TIMEOUT }),
    maxInFlight: numberOf(config.maxInFlight, { name: 'The number of messages at once', least: 1, most: 100, whole: true }),
    cancelOnStop: Boolean(config.cancelOnStop),
    durable: Boolean(config.durable)
  }
}

/** @param {import('./config').Config} config @returns {RunSettings} */
function runSettings (config) {
  return {
    ...workSettings(config),
    retryCount: numberOf(config.retryCount, { name: 'The number of retries', least: 0, most: 10, whole: true }),
    idempotent: Boolean(config.idempotent),
    continueOnFailure: Boolean(config.continueOnFailure),
    format: oneOf(config.outputFormat, FORMATS, 'The output format'),
    outputs: oneOf(config.outputsInMessage, OUTPUTS, 'The setting for outputs'),
    strategy: strategyOf(config)
  }
}

/** Returns how long and how often an action is tried, as the API has it. @param {RunSettings} settings */
function attemptsOf ({ timeout, retryCount, idempotent }) {
  return { timeout, retry_count: retryCount, ...(idempotent && { idempotent }) }
}

/** @param {import('./config').Config} config */
function strategyOf ({ parallelism, batchSize, canary, maxFailures }) {
  return {
    ...(isSet(parallelism) && { parallelism: numberOf(parallelism, { name: 'The parallelism', least: 1, most: MOST_TARGETS, whole: true }) }),
    ...(isSet(batchSize) && { batch_size: amountOf(batchSize, 'The batch size') }),
    ...(isSet(canary) && { canary: amountOf(canary, 'The size of the canary') }),
    ...(isSet(maxFailures) && { max_failures: amountOf(maxFailures, 'The number of failures') })
  }
}

/** @param {unknown} value */
function isSet (value) {
  return value !== undefined && value !== null && String(value).trim() !== ''
}

/** Returns a number of targets, or a share of them. @param {unknown} value @param {string} name */
function amountOf (value, name) {
  const text = wordOf(value, AMOUNT, name, 'a number of targets, or a share such as 25%')
  return text.endsWith('%') ? text : numberOf(text, { name, least: 0, most: MOST_TARGETS, whole: true })
}

/** Whether messages get what was written on so many targets. @param {RunSettings} settings @param {number} targets */
function bringsOutputs ({ outputs }, targets) {
  return outputs === 'always' || (outputs === 'auto' && targets <= MOST_WITH_OUTPUTS)
}

module.exports = { attemptsOf, WITHOUT_STRATEGY, bringsOutputs, isSet, runSettings, workSettings }

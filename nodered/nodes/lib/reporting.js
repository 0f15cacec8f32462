/** What the nodes that tell something share: texts from typed inputs, severities, and what a message may say. */
'use strict'

const { ConfigError } = require('./config')
const { valueOf } = require('./values')

/** @typedef {import('./values').Place} Place */

const SEVERITIES = /** @type {const} */ (['info', 'warning', 'error', 'critical'])
const FROM_MESSAGE = 'msg'

/**
 * Returns a value as a text; numbers and the like are written out, nothing at all is an error.
 * @param {Place} place
 * @param {string} value
 * @param {typeof import('./values').TEXT_TYPES[number]} type
 * @param {string} noun what is missing otherwise
 */
async function writtenOf (place, value, type, noun) {
  const found = type === 'str' ? value : await valueOf(place, value, type)
  if (found === undefined || found === null || found === '') throw new Error(`There is no ${noun}: ${type} "${value}" gives nothing.`)
  return typeof found === 'string' ? found : JSON.stringify(found)
}

/**
 * Returns what a message says about something, with nothing in it that is not known.
 * @param {unknown} said
 * @param {string} where
 * @param {readonly string[]} known
 * @returns {Record<string, any>}
 */
function saidIn (said, where, known) {
  if (said === undefined || said === null) return {}
  if (typeof said !== 'object' || Array.isArray(said)) throw new Error(`${where} must be an object.`)
  const unknown = Object.keys(said).find(key => !known.includes(key))
  if (unknown !== undefined) throw new Error(`${where} has the unknown key "${unknown}"; known are ${known.join(', ')}.`)
  return said
}

/**
 * Returns the severity of this message.
 * @param {string} configured
 * @param {unknown} asked by the message
 * @param {any} msg
 */
function severityOf (configured, asked, msg) {
  const severity = asked ?? (configured === FROM_MESSAGE ? msg.severity : configured)
  if (!SEVERITIES.includes(severity)) throw new Error(`The severity must be one of ${SEVERITIES.join(', ')}, not ${JSON.stringify(severity)}.`)
  return severity
}

/** @param {unknown} value @param {string} what */
function textIn (value, what) {
  if (typeof value !== 'string' || !value.trim()) throw new ConfigError(`${what} is missing.`)
  return value
}

module.exports = { FROM_MESSAGE, SEVERITIES, saidIn, severityOf, textIn, writtenOf }

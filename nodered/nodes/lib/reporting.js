/** What the nodes that tell something share: texts and values from typed inputs, and where in a flow they are. */
'use strict'

const { ConfigError } = require('./config')

/** @typedef {Pick<import('./define-node').Work<any>, 'RED' | 'node' | 'msg' | 'bridge'>} Place */

const TEXT_TYPES = /** @type {const} */ (['str', 'msg', 'flow', 'global', 'env', 'jsonata'])
const VALUE_TYPES = /** @type {const} */ ([...TEXT_TYPES, 'json'])
const SEVERITIES = /** @type {const} */ (['info', 'warning', 'error', 'critical'])
const FROM_MESSAGE = 'msg'

/**
 * Returns what a value stands for at this message.
 * @param {Place} place
 * @param {string} value
 * @param {typeof VALUE_TYPES[number]} type
 * @returns {Promise<any>}
 */
function valueOf ({ RED, node, msg }, value, type) {
  return new Promise((resolve, reject) => RED.util.evaluateNodeProperty(
    value, type, node, msg, (error, found) => error ? reject(error) : resolve(found)
  ))
}

/**
 * Returns a value as a text; numbers and the like are written out, nothing at all is an error.
 * @param {Place} place
 * @param {string} value
 * @param {typeof TEXT_TYPES[number]} type
 * @param {string} noun what is missing otherwise
 */
async function textOf (place, value, type, noun) {
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

/** @param {Place} place @param {string} name of the node */
function contextOf ({ node, bridge, msg }, name) {
  return {
    node_red_flow_id: node.z ?? '',
    node_id: node.id,
    node_name: name.slice(0, 255) || null,
    run_id: bridge.run.id,
    msg_id: String(msg._msgid ?? '').slice(0, 255) || null
  }
}

module.exports = { FROM_MESSAGE, SEVERITIES, TEXT_TYPES, VALUE_TYPES, contextOf, saidIn, severityOf, textIn, textOf, valueOf }

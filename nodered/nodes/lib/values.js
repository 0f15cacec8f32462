/** Values that a designer gives as text, or has taken from the message, a context, the environment or an expression. */
'use strict'

/** @typedef {Pick<import('./define-node').Work<unknown>, 'RED' | 'node' | 'msg'>} Place */

const TEXT_TYPES = /** @type {const} */ (['str', 'msg', 'flow', 'global', 'env', 'jsonata'])
const VALUE_TYPES = /** @type {const} */ ([...TEXT_TYPES, 'num', 'bool', 'json'])

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
 * Returns a value that has to be a text with something in it.
 * @param {Place} place
 * @param {string} value
 * @param {typeof TEXT_TYPES[number]} type
 * @param {string} noun what is missing otherwise
 * @returns {Promise<string>}
 */
async function textOf (place, value, type, noun) {
  const found = await valueOf(place, value, type)
  if (typeof found !== 'string' || !found.trim()) {
    const given = found === '' ? 'nothing' : JSON.stringify(found) ?? 'nothing'
    throw new Error(`There is no ${noun}: ${type} "${value}" gives ${given}.`)
  }
  return found
}

module.exports = { TEXT_TYPES, VALUE_TYPES, textOf, valueOf }

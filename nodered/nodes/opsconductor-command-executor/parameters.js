/** Parameters: what commands and scripts find in their environment, sent as data and never put into their text. */
'use strict'

const { ConfigError, oneOf, wordOf } = require('../lib/config')
const { VALUE_TYPES, valueOf } = require('../lib/values')

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

/** @typedef {{name: string, value: string, type: typeof VALUE_TYPES[number], secret: boolean}} Parameter */

/** @param {unknown} rows @returns {Parameter[]} */
function parametersOf (rows) {
  if (!Array.isArray(rows)) throw new ConfigError('The parameters must be a list.')
  return rows.map(({ name, value, type, secret }) => {
    const word = wordOf(name, NAME, 'The name of a parameter', 'letters, digits and underscores, not beginning with a digit')
    if (secret && type === 'str') throw new ConfigError(`The secret parameter ${word} must not be written into the flow; take it from elsewhere.`)
    return { name: word, value: String(value ?? ''), type: oneOf(type, VALUE_TYPES, `The kind of the parameter ${word}`), secret: Boolean(secret) }
  })
}

/**
 * Returns definitions and values as the API has them. A stored script brings its definitions, and its defaults with them.
 * @param {import('../lib/values').Place} place
 * @param {Parameter[]} rows
 * @param {{defined: boolean}} script
 */
async function given (place, rows, { defined }) {
  /** @type {Record<string, unknown>} */
  const values = {}
  for (const { name, value, type } of rows) values[name] = await valueOf(place, value, type)
  if (defined) return { values }
  const missing = rows.find(({ name }) => values[name] === undefined || values[name] === null)
  if (missing) throw new Error(`The parameter ${missing.name} has no value: ${missing.type} "${missing.value}" gives nothing.`)
  for (const { name, secret } of rows) values[name] = plain(values[name], secret)
  return { parameters: rows.map(({ name, secret }) => definitionOf(name, values[name], secret)), values }
}

/** @param {unknown} value @param {boolean} secret */
function plain (value, secret) {
  if (typeof value === 'object') return JSON.stringify(value)
  return secret ? String(value) : value
}

/** @param {string} name @param {unknown} value @param {boolean} secret */
function definitionOf (name, value, secret) {
  if (secret) return { name, type: 'secret' }
  if (typeof value === 'number' || typeof value === 'boolean') return { name, type: typeof value }
  return { name, type: 'text', multiline: true }
}

module.exports = { given, parametersOf }

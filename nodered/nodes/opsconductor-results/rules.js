/** Rules that results are told apart by: a property, how to compare it, and with what. */
'use strict'

const { ConfigError, numberOf, oneOf } = require('../lib/config')
const { isHandle, succeeded } = require('../lib/results')
const { TABLE } = require('../lib/statuses')

const PROPERTIES = /** @type {const} */ (['status', 'exit_code', 'output', 'error'])
const MOST = 20

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {{text: boolean, fits: (result: Result) => boolean}} Rule `text`: whether it looks at what was written */

/** @typedef {(value: string) => (found: any) => boolean} Make what makes a test of the value of a rule */

/** How each property is compared. @type {Record<string, Record<string, Make>>} */
const OPERATORS = {
  status: { is: is, is_not: not(is) },
  exit_code: {
    eq: value => found => found === number(value),
    neq: value => found => found !== number(value),
    lt: value => found => found !== null && found < number(value),
    gt: value => found => found !== null && found > number(value)
  },
  output: { contains, contains_not: not(contains), matches, matches_not: not(matches) },
  error: { contains, contains_not: not(contains), matches, matches_not: not(matches) }
}

/** Returns the rules of a configuration, checked and ready. @param {unknown} rows @returns {Rule[]} */
function rulesOf (rows) {
  if (!Array.isArray(rows) || !rows.length) throw new ConfigError('Give at least one rule.')
  if (rows.length > MOST) throw new ConfigError(`There may be at most ${MOST} rules.`)
  return rows.map(ruleOf)
}

/** @param {{property: string, operator: string, value: unknown}} row @returns {Rule} */
function ruleOf (row) {
  const property = oneOf(row.property, PROPERTIES, 'What a rule looks at')
  const operator = oneOf(row.operator, Object.keys(OPERATORS[property]), `How ${property} is compared`)
  const test = OPERATORS[property][operator](String(row.value ?? ''))
  test(property === 'exit_code' ? 0 : '') // what is wrong with the value is said now, not at the first message
  return { text: property === 'output' || property === 'error', fits: result => test(READ[property](result)) }
}

/** @type {Record<typeof PROPERTIES[number], (result: Result) => unknown>} */
const READ = {
  status: result => result,
  exit_code: result => result.exit_code,
  output: result => textOf(result, result.output_text),
  error: result => textOf(result, result.error_text)
}

/** @param {Result} result @param {string} [text] */
function textOf (result, text) {
  if (isHandle(result)) throw new Error('The message has no outputs, only handles; set the node to fetch them.')
  return text
}

/** @param {string} value a status, or "success" for those that count as such */
function is (value) {
  if (value !== 'success' && !(value in TABLE)) {
    throw new ConfigError(`A rule's status must be success or one of ${Object.keys(TABLE).join(', ')}, not "${value}".`)
  }
  return (/** @type {Result} */ result) => value === 'success' ? succeeded(result) : result.status === value
}

/** @param {string} value */
function number (value) {
  return numberOf(value, { name: 'The exit code of a rule', least: 0, most: 2 ** 32 - 1, whole: true })
}

/** @param {string} value */
function contains (value) {
  if (!value) throw new ConfigError('A rule needs a text to look for.')
  return (/** @type {string} */ found) => found.includes(value)
}

/** @param {string} value */
function matches (value) {
  if (!value) throw new ConfigError('A rule needs a pattern.')
  const pattern = compiled(value)
  return (/** @type {string} */ found) => pattern.test(found)
}

/** @param {string} value */
function compiled (value) {
  try {
    return new RegExp(value, 'm')
  } catch (error) {
    throw new ConfigError(`A rule's pattern can't be used: ${error instanceof Error ? error.message : error}`)
  }
}

/** @param {Make} make @returns {Make} */
function not (make) {
  return value => {
    const test = make(value)
    return found => !test(found)
  }
}

module.exports = { rulesOf }

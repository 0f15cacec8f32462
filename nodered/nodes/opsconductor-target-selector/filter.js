/** Which targets are meant: one way to write a filter, and nothing in it is ever ignored. */
'use strict'

/** Both spellings of each key: the nodes' own, and the API's. @type {Record<string, 'os_type' | 'environment' | 'status'>} */
const KEYS = { osType: 'os_type', os_type: 'os_type', environment: 'environment', status: 'status' }
const OS_TYPES = ['linux', 'windows', 'macos', 'other']
const STATUSES = ['active', 'inactive', 'maintenance']
/** @type {Record<string, string[]>} */
const WORDS = { os_type: OS_TYPES, status: STATUSES }

/**
 * Returns the filter as the API has it. A misspelled key would mean every target, so it is refused.
 * @param {unknown} filter
 * @param {string} where it came from, for the refusal
 * @returns {Record<string, string>} with '' for a key that was set to nothing
 */
function normalised (filter, where) {
  if (typeof filter !== 'object' || filter === null || Array.isArray(filter)) throw new Error(`${where} must be an object.`)
  return Object.fromEntries(Object.entries(filter).map(([key, value]) => {
    const name = KEYS[key]
    if (!name) throw new Error(`${where} has the unknown key "${key}"; known are osType, environment and status.`)
    return [name, wordFor(name, value, where)]
  }))
}

/** @param {string} name @param {unknown} value @param {string} where */
function wordFor (name, value, where) {
  if (value === '' || value === null || value === undefined) return ''
  const allowed = WORDS[name]
  if (typeof value !== 'string' || (allowed && !allowed.includes(value))) {
    throw new Error(`${where} has ${JSON.stringify(value)} for ${name}; ${allowed ? `it must be one of ${allowed.join(', ')}` : 'it must be a word'}.`)
  }
  return value
}

/**
 * Returns what to filter by: each key of the message counts more than the node's; '' there means any.
 * @param {Record<string, string>} configured
 * @param {unknown} fromMessage
 */
function combined (configured, fromMessage) {
  const asked = fromMessage === undefined || fromMessage === null ? {} : normalised(fromMessage, 'msg.targetFilter')
  return Object.fromEntries(Object.entries({ ...configured, ...asked }).filter(([, value]) => value !== ''))
}

module.exports = { combined, normalised }

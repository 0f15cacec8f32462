/** Which targets are meant: one way to write a filter, and nothing in it is ever ignored. */
'use strict'

/** Both spellings of each key: the nodes' own, and the API's. @type {Record<string, 'os_type' | 'environment' | 'status' | 'tags'>} */
const KEYS = { osType: 'os_type', os_type: 'os_type', environment: 'environment', status: 'status', tags: 'tags' }
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
    const name = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined
    if (!name) throw new Error(`${where} has the unknown key "${key}"; known are osType, environment, status and tags.`)
    return [name, name === 'tags' ? tagsFor(value, where) : wordFor(name, value, where)]
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

/** Returns tags, given as a list or with commas between, in one order. @param {unknown} value @param {string} where */
function tagsFor (value, where) {
  const given = typeof value === 'string' ? value.split(',') : value ?? []
  if (!Array.isArray(given) || given.some(tag => typeof tag !== 'string' || tag.includes(','))) {
    throw new Error(`${where} has ${JSON.stringify(value)} for tags; it must be a list of words, or words with commas between.`)
  }
  return [...new Set(given.map(tag => tag.trim().toLowerCase()).filter(Boolean))].sort().join(',')
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

/** One JSON object per line on standard output, for everything Node-RED says. */
'use strict'

/** @type {Record<number, string>} Node-RED's levels, by number */
const LEVELS = { 10: 'fatal', 20: 'error', 30: 'warning', 40: 'info', 50: 'debug', 60: 'trace', 98: 'audit', 99: 'metric' }

/**
 * @param {string} level
 * @param {string} event
 * @param {Record<string, unknown>} [fields]
 */
function log (level, event, fields = {}) {
  process.stdout.write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, event, ...fields })}\n`)
}

/** @param {unknown} said a sentence, an Error, or something with a message */
function text (said) {
  if (said instanceof Error) return said.stack ?? said.message
  if (typeof said === 'string') return said.trim()
  return typeof said === 'object' && said !== null && 'message' in said ? String(said.message) : JSON.stringify(said)
}

/** Returns a handler for Node-RED's `logging` setting. */
function handler () {
  return (/** @type {any} */ entry) => {
    const { level, msg, timestamp: _, event, user, ...rest } = entry
    const name = LEVELS[level] ?? 'info'
    if (name === 'audit') return log(name, event, { user: user?.username, path: rest.path, ip: rest.ip, error: rest.error, message: rest.message })
    log(name, 'node-red', { message: text(msg), type: rest.type, node: rest.id, flow: rest.z, name: rest.name })
  }
}

module.exports = { handler, log, text }

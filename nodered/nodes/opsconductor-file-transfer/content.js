/** What an upload sends: a kept file, a text, or what a message holds, which becomes a file for as long as it is needed. */
'use strict'

const { basename } = require('node:path/posix')
const mustache = require('mustache')
const { BridgeError } = require('../lib/http')
const { Stopped } = require('../lib/stopping')
const { valueOf } = require('../lib/values')

const INLINE = 256 * 1024 // bytes that go with the request; the API takes no more
// A stopping node has 2 s.
const ANSWER_WITHIN = 1_000 // ms, of an upload under way
const REMOVE_WITHIN = 500 // ms

/** @typedef {import('./opsconductor-file-transfer').Settings} Settings */
/** @typedef {import('../lib/execution').Work<Settings>} Work */
/** @typedef {{file_id: string} | {content: string}} Source */

/**
 * Calls `use` with what to send, and cleans up afterwards.
 * @template T
 * @param {Work} work
 * @param {string} destination
 * @param {(source: Source) => Promise<T>} use
 * @returns {Promise<T>}
 */
async function withContent (work, destination, use) {
  const { settings, wait } = work
  if (settings.source === 'file') return use({ file_id: settings.fileId })
  if (wait.facts?.fileId) return withFile(work, wait.facts.fileId, use)
  const content = await contentOf(work)
  if (typeof content === 'string' && Buffer.byteLength(content) <= INLINE && !settings.unpack) return use({ content })
  return withFile(work, await stored(work, nameOf(work.msg, destination), Buffer.from(content)), use)
}

/** @param {Work} work @returns {Promise<string | Uint8Array>} */
async function contentOf (work) {
  const { source, text, content, contentType } = work.settings
  // No escaping: this is no HTML.
  if (source === 'template') return mustache.render(text, work.msg, {}, { escape: String })
  const found = await valueOf(work, content, contentType)
  if (typeof found !== 'string' && !(found instanceof Uint8Array)) {
    throw new Error(`The content must be a text or a buffer; ${contentType} "${content}" gives ${found === null ? 'null' : typeof found}.`)
  }
  return found
}

/** @param {any} msg @param {string} destination */
function nameOf (msg, destination) {
  const name = typeof msg.filename === 'string' && msg.filename ? basename(msg.filename) : destination.endsWith('/') ? '' : basename(destination)
  if (!name) throw new Error('The content needs a file name: give it in msg.filename, or end the destination with it.')
  return name
}

/**
 * Keeps content as a file, once for each message: the same key gives the same file, whenever it is asked for.
 * @param {Work} work
 * @param {string} name
 * @param {Buffer} content
 * @returns {Promise<string>} id of the file
 */
async function stored ({ bridge, key, signal }, name, content) {
  const { id } = await bridge.keepFile(name, content, key, later(signal, ANSWER_WITHIN))
  return id
}

/**
 * @template T
 * @param {Work} work
 * @param {string} id of a file that nobody else needs
 * @param {(source: Source) => Promise<T>} use
 */
async function withFile (work, id, use) {
  const { msg, signal, wait } = work
  let needed = false
  try {
    if (wait.facts && !wait.facts.fileId) await wait.keep(msg, { ...wait.facts, fileId: id })
    signal.throwIfAborted()
    return await use({ file_id: id })
  } catch (error) {
    needed = isNeeded(work, error)
    throw error
  } finally {
    if (!needed) await removed(work, id)
  }
}

/** Whether the transfer may be under way in spite of an error; a durable node comes back for it. @param {Work} work @param {unknown} error */
function isNeeded ({ signal, wait }, error) {
  if (error instanceof Stopped) return error.begun
  return (signal.aborted && Boolean(wait.facts)) || (error instanceof BridgeError && error.retry)
}

/** @param {Work} work @param {string} id */
async function removed ({ bridge, node, signal }, id) {
  try {
    await bridge.removeFile(id, signal.aborted ? AbortSignal.timeout(REMOVE_WITHIN) : signal)
  } catch (error) {
    if (error instanceof BridgeError && error.status === 404) return // removed before Node-RED was killed, or by a person
    node.warn(`The file ${id} could not be removed from the storage: ${error instanceof Error ? error.message : error}`)
  }
}

/** Returns a signal that fires some time after another: what was sent is answered in between. @param {AbortSignal} signal @param {number} pause ms */
function later (signal, pause) {
  const control = new AbortController()
  signal.addEventListener('abort', () => setTimeout(() => control.abort(signal.reason), pause).unref(), { once: true })
  return control.signal
}

module.exports = { withContent }

/** What an upload sends: a kept file, a text, or what a message holds, which becomes a file for as long as it is needed. */
'use strict'

const { basename } = require('node:path/posix')
const mustache = require('mustache')
const { valueOf } = require('../lib/values')

const INLINE = 256 * 1024 // bytes that go with the request; the API takes no more

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
  const { settings } = work
  if (settings.source === 'file') return use({ file_id: settings.fileId })
  const content = await contentOf(work)
  if (typeof content === 'string' && Buffer.byteLength(content) <= INLINE && !settings.unpack) return use({ content })
  return withFile(work, nameOf(work.msg, destination), Buffer.from(content), use)
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
 * @template T
 * @param {Work} work
 * @param {string} name
 * @param {Buffer} content
 * @param {(source: Source) => Promise<T>} use
 */
async function withFile ({ bridge, node, signal }, name, content, use) {
  const { id } = await bridge.keepFile(name, content)
  try {
    return await use({ file_id: id })
  } finally {
    // When the node was stopped, the execution goes on and needs the file.
    if (!signal.aborted) await bridge.removeFile(id).catch(error => node.warn(`The file ${name} could not be removed from the storage: ${error.message}`))
  }
}

module.exports = { withContent }

/** The copy on disk of what is stored, from which flows start while the bridge is away: whole or not at all, whatever stops the machine. */
'use strict'

const { open, readFile, rename } = require('node:fs/promises')
const { join } = require('node:path')
const { log } = require('./logging')

const COPY = 'last-good.json'

/**
 * @typedef {object} Snapshot
 * @property {object[]} flows
 * @property {object} credentials
 * @property {Record<string, unknown>} settings
 * @property {object} sessions
 * @property {number} rev number of the deploy; 0 before the first
 */

class LastGood {
  #directory
  /** @type {Promise<void>} */
  #writing = Promise.resolve()

  /** @param {string} directory */
  constructor (directory) {
    this.#directory = directory
  }

  /** @returns {Promise<Snapshot | null>} null where there is none that can be used */
  async read () {
    try {
      const read = JSON.parse(await readFile(join(this.#directory, COPY), 'utf8'))
      if (isSnapshot(read)) return read
      throw new Error('it is not complete')
    } catch (error) {
      if (/** @type {any} */ (error).code !== 'ENOENT') log('error', 'storage.copy-unusable', { message: String(error) })
      return null
    }
  }

  /** Keeps a copy that is newer than what is stored: somebody put an old database back, or an empty one. @param {Snapshot} copy */
  async putAside (copy) {
    log('warning', 'storage.went-back', { rev: copy.rev, message: 'The stored flows are older than the copy, which is kept beside it.' })
    await rename(join(this.#directory, COPY), join(this.#directory, `last-good-${copy.rev}.json`))
  }

  /** Writes it, one after the other; what it is by then counts. @param {() => Snapshot} now */
  write (now) {
    this.#writing = this.#writing.then(async () => {
      const path = join(this.#directory, COPY)
      await written(`${path}.new`, JSON.stringify(now()))
      await rename(`${path}.new`, path)
      await synced(this.#directory)
    }).catch(error => log('error', 'storage.copy-failed', { message: String(error) }))
    return this.#writing
  }

  /** Returns once nothing is being written. */
  settled () {
    return this.#writing
  }
}

/** @param {string} path @param {string} content */
async function written (path, content) {
  const file = await open(path, 'w', 0o600)
  try {
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** @param {string} directory */
async function synced (directory) {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** @param {any} found @returns {found is Snapshot} */
function isSnapshot (found) {
  return Array.isArray(found?.flows) && Number.isInteger(found.rev) &&
    [found.credentials, found.settings, found.sessions].every(part => typeof part === 'object' && part !== null)
}

module.exports = { LastGood, isSnapshot }

/**
 * Node-RED's storage in OpsConductor, through the bridge, with a copy on disk from which the flows start while the
 * bridge is away. It never answers with less than what is stored: Node-RED would write the emptiness back.
 */
'use strict'

const { isDeepStrictEqual } = require('node:util')
const { setTimeout: sleep } = require('node:timers/promises')
const { BridgeError, request } = require('../nodes/lib/http')
const { marked, unmarked } = require('./credential-marks')
const { LastGood, isSnapshot } = require('./last-good')
const { log } = require('./logging')
const { Revisions } = require('./revisions')

const RETRY = 1_000 // ms
const ANSWER_WITHIN = 10_000 // ms

/** @typedef {import('./last-good').Snapshot} Snapshot */
/** @typedef {import('./sign-in').User} User */

/** A deploy that was not stored; the flows that run are untouched. */
class DeployRefused extends Error {
  /** @param {string} message @param {{code: string, status: number}} facts */
  constructor (message, { code, status }) {
    super(message)
    this.code = code
    this.status = status
  }
}

class Storage {
  #url
  #token
  #copy
  #credentialSecret
  #ticketOf
  /** @type {any} */
  #runtime = null
  /** @type {Snapshot | null} */
  #now = null
  #revisions = new Revisions()
  /** What Node-RED wants kept with the next deploy. @type {object | null} */
  #stagedCredentials = null
  /** Documents the bridge does not have yet. @type {Map<string, unknown>} */
  #unsent = new Map()
  #sending = false
  #takeOver
  /** What somebody restored, while this Node-RED takes it over. @type {Snapshot | null} */
  #restored = null
  #fresh = false
  #toldTypes = false
  #stop = new AbortController()

  /**
   * @param {object} options
   * @param {string} options.url of the bridge
   * @param {string} options.instanceToken
   * @param {string} options.directory where the copy lies
   * @param {string} options.credentialSecret what Node-RED seals credentials with
   * @param {(user: User | undefined) => string | undefined} options.ticketOf
   * @param {(flows: object[], credentials: object | undefined) => Promise<unknown>} options.takeOver makes Node-RED run these
   */
  constructor ({ url, instanceToken, directory, credentialSecret, ticketOf, takeOver }) {
    this.#url = `${url}/api/nodered/storage`
    this.#token = instanceToken
    this.#copy = new LastGood(directory)
    this.#credentialSecret = credentialSecret
    this.#ticketOf = ticketOf
    this.#takeOver = takeOver
  }

  /** Node-RED's `storageModule`: it asks with hasOwnProperty what there is, so a class instance would not do. */
  get module () {
    return {
      init: (/** @type {unknown} */ _settings, /** @type {any} */ runtime) => this.init(runtime),
      getFlows: () => this.flows(),
      saveFlows: (/** @type {object[]} */ flows, /** @type {User} */ user) => this.deploy(flows, user),
      getCredentials: async () => unmarked(this.#kept.credentials),
      saveCredentials: async (/** @type {object} */ credentials) => { this.#stagedCredentials = credentials },
      getSettings: async () => this.#kept.settings,
      saveSettings: (/** @type {Record<string, unknown>} */ settings) => this.#keep('settings', settings),
      getSessions: async () => this.#kept.sessions,
      saveSessions: (/** @type {object} */ sessions) => this.#keep('sessions', sessions),
      getLibraryEntry: (/** @type {string} */ kind, /** @type {string} */ path) => this.libraryEntry(kind, path),
      saveLibraryEntry: (/** @type {string} */ kind, /** @type {string} */ path, /** @type {object} */ meta, /** @type {string} */ body) =>
        this.saveLibraryEntry(kind, path, meta, body)
    }
  }

  /**
   * Gets everything at once: from the bridge, else from the copy; with neither it waits for the bridge.
   * @param {any} runtime Node-RED's inside
   */
  async init (runtime) {
    this.#runtime = runtime
    const copy = await this.#copy.read()
    const fetched = await this.#fetch().catch(error => this.#unreachable(error))
    if (fetched) {
      if (copy && copy.rev > fetched.rev) await this.#copy.putAside(copy)
      return this.#take(fetched)
    }
    if (copy) {
      log('warning', 'storage.started-from-copy', { rev: copy.rev, message: 'The bridge does not answer; flows start from the last good copy.' })
      this.#hold(copy)
      this.#fresh = true
      this.#catchUp()
      return
    }
    log('warning', 'storage.waiting', { message: 'The bridge does not answer and there is no copy of the flows; waiting.' })
    await this.#take(await this.#fetchAtLast())
  }

  /** Returns the flows; when Node-RED asks again (a reload), what is stored by now. */
  async flows () {
    this.#tellTypes()
    if (!this.#fresh) {
      const fetched = await this.#fetch().catch(error => this.#unreachable(error))
      if (fetched) await this.#take(fetched)
    }
    this.#fresh = false
    // Node-RED takes the stored credentials along now.
    this.#stagedCredentials = null
    return this.#kept.flows
  }

  /**
   * Stores a deploy with its credentials, or refuses it.
   * @param {object[]} flows
   * @param {User | undefined} user
   */
  async deploy (flows, user) {
    if (!user && this.#restored && isDeepStrictEqual(flows, this.#restored.flows)) return this.#takeRestored(this.#restored)
    const before = this.#kept
    const credentials = marked(this.#stagedCredentials ?? before.credentials, this.#credentialSecret)
    const ticket = this.#ticketOf(user)
    if (!ticket) throw new DeployRefused('Only somebody who is signed in to OpsConductor can deploy.', { code: 'not_signed_in', status: 401 })
    const wanted = { flows, credentials, ticket, base_rev: before.rev, known_types: this.#knownTypes() }
    const rev = await this.#stored(wanted).catch(error => this.#refused(error))
    // Staged ones stay until they are stored: Node-RED hands over each change of them only once.
    this.#stagedCredentials = null
    this.#hold({ ...this.#kept, flows, credentials, rev })
    await this.#copy.write(() => this.#kept)
  }

  /** Returns the number of a deploy, once it is stored. @param {object} wanted @returns {Promise<number>} */
  async #stored (wanted) {
    const { rev } = await this.#ask('/flows', { method: 'PUT', body: wanted })
    if (!Number.isInteger(rev)) throw new BridgeError('This is no answer to a deploy.', { code: 'unexpected_answer' })
    return rev
  }

  /** Takes over what somebody restored; only what changed is stopped and started. */
  async refresh () {
    try {
      const fetched = await this.#fetch()
      if (fetched.rev === this.#kept.rev) return
      const credentials = isDeepStrictEqual(fetched.credentials, this.#kept.credentials) ? undefined : unmarked(fetched.credentials)
      this.#restored = fetched
      await this.#takeOver(fetched.flows, credentials)
    } catch (error) {
      if (!this.#stop.signal.aborted) log('error', 'storage.refresh-failed', { message: String(error) })
    }
  }

  /** It is stored already. Taken only now, in Node-RED's own turn: a deploy on what was before must not pass for one on this. @param {Snapshot} restored */
  async #takeRestored (restored) {
    this.#restored = null
    this.#stagedCredentials = null
    await this.#take(restored)
    this.#fresh = false
    log('info', 'storage.restored', { rev: restored.rev })
  }

  /** @param {string} kind @param {string} path */
  async libraryEntry (kind, path) {
    const { content } = await this.#ask(`/library/${encodeURIComponent(kind)}?path=${encodeURIComponent(plain(path))}`)
    return Array.isArray(content) ? content : content.body
  }

  /** @param {string} kind @param {string} path @param {object} meta @param {string} body */
  async saveLibraryEntry (kind, path, meta, body) {
    await this.#ask(`/library/${encodeURIComponent(kind)}?path=${encodeURIComponent(plain(path))}`, {
      method: 'PUT', body: { content: { meta, body } }
    })
  }

  /** Ends all waiting. */
  async close () {
    this.#stop.abort(new Error('Node-RED stops.'))
    await this.#copy.settled()
  }

  /** Returns the number of the deploy that an editor has, by its revision. @param {string} revision */
  deployOf (revision) {
    return this.#revisions.deployOf(revision)
  }

  /** @param {Snapshot} snapshot */
  #hold (snapshot) {
    this.#now = snapshot
    this.#revisions.note(snapshot.flows, snapshot.rev)
  }

  get #kept () {
    if (!this.#now) throw new Error('Asked for before it was there.')
    return this.#now
  }

  /** Tells what flows can be made of here: one may be imported before the first deploy. Each deploy tells it again. */
  async #tellTypes () {
    if (this.#toldTypes) return
    this.#toldTypes = true
    await this.#ask('/node-types', { method: 'PUT', body: { known_types: this.#knownTypes() } }).catch(error => {
      this.#toldTypes = false
      if (!this.#stop.signal.aborted) log('warning', 'storage.types-not-told', { message: String(error) })
    })
  }

  #knownTypes () {
    const sets = this.#runtime.nodes.getNodeList((/** @type {any} */ set) => set.enabled && set.loaded && !set.err)
    return [...new Set(sets.flatMap((/** @type {any} */ set) => set.types ?? []))]
  }

  /**
   * @param {string} path
   * @param {import('../nodes/lib/http').Options} [options]
   */
  #ask (path, options = {}) {
    return request(`${this.#url}${path}`, { token: this.#token, timeout: ANSWER_WITHIN, signal: this.#stop.signal, ...options })
  }

  /** @returns {Promise<Snapshot>} */
  async #fetch () {
    const found = await this.#ask('/snapshot')
    if (!isSnapshot(found)) throw new BridgeError('This is no snapshot.', { code: 'unexpected_answer' })
    return found
  }

  /** @returns {Promise<Snapshot>} */
  async #fetchAtLast () {
    for (;;) {
      await sleep(RETRY, undefined, { signal: this.#stop.signal })
      const fetched = await this.#fetch().catch(error => this.#unreachable(error))
      if (fetched) return fetched
    }
  }

  /** @param {unknown} error @returns {null} */
  #unreachable (error) {
    this.#stop.signal.throwIfAborted()
    log('warning', 'storage.unreachable', { message: String(error) })
    return null
  }

  /** @param {Snapshot} snapshot */
  async #take (snapshot) {
    const { flows, credentials, settings, sessions, rev } = snapshot
    this.#hold({ flows, credentials, settings, sessions, rev })
    this.#fresh = true
    await this.#copy.write(() => this.#kept)
  }

  /** After a start from the copy: loads what was deployed or restored since, once the bridge is back. */
  async #catchUp () {
    try {
      const fetched = await this.#fetchAtLast()
      const changed = fetched.rev !== this.#kept.rev
      if (changed) await this.#take(fetched)
      log('info', 'storage.bridge-is-back', { rev: fetched.rev, changed })
      this.#tellTypes()
      if (changed) await this.#runtime.flows.loadFlows(true)
    } catch (error) {
      if (!this.#stop.signal.aborted) log('error', 'storage.catch-up-failed', { message: String(error) })
    }
  }

  /** @param {unknown} error @returns {Promise<never>} */
  async #refused (error) {
    if (!(error instanceof BridgeError) || error.retry) {
      throw new DeployRefused('OpsConductor does not answer, so this can\'t be stored now. What runs goes on unchanged; deploy again later.', {
        code: 'bridge_unreachable', status: 503
      })
    }
    if (error.code === 'stale_flows') {
      // Brings what is stored into this Node-RED, so that the editor can show and merge it.
      await this.#runtime.flows.loadFlows(true)
      throw new DeployRefused(error.message, { code: 'version_mismatch', status: 409 })
    }
    throw new DeployRefused(error.message, { code: error.code, status: error.status })
  }

  /**
   * Keeps a document. It is no reason to fail when the bridge is away (Node-RED would not start): sent later then.
   * @param {'settings' | 'sessions'} name
   * @param {any} content
   */
  async #keep (name, content) {
    this.#now = { ...this.#kept, [name]: content }
    this.#unsent.set(name, content)
    await this.#copy.write(() => this.#kept)
    await this.#send().catch(() => { this.#sendLater() })
  }

  async #send () {
    for (const [name, content] of this.#unsent) {
      await this.#ask(`/documents/${name}`, { method: 'PUT', body: { content } })
      if (this.#unsent.get(name) === content) this.#unsent.delete(name)
    }
  }

  async #sendLater () {
    if (this.#sending) return
    this.#sending = true
    try {
      while (this.#unsent.size) {
        await sleep(RETRY, undefined, { signal: this.#stop.signal })
        await this.#send().catch(error => this.#unreachable(error))
      }
    } catch {
      // The process ends; the copy has it.
    } finally {
      this.#sending = false
    }
  }
}

/** @param {string} path as Node-RED gives it, with slashes around */
function plain (path) {
  return path.replace(/^\/+|\/+$/g, '')
}

module.exports = { DeployRefused, Storage }

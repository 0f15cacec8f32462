/**
 * Who is in the editor: the door in front of Node-RED sends a ticket with each request, the bridge says whose it is.
 * There is no session of Node-RED's own, and no way in while the bridge does not answer.
 */
'use strict'

const { request } = require('../nodes/lib/http')
const { log } = require('./logging')

const HEADER = 'x-opsc-session'
const CACHED = 1_000 // ms; how long somebody stays signed in after the end of the session
const CHECK_SOCKETS = 5_000 // ms
const ANSWER_WITHIN = 10_000 // ms

/** @typedef {{username: string, permissions: string[]}} User */

class SignIn {
  #bridge
  /** @type {Map<string, {at: number, user: Promise<User | null>}>} oldest first */
  #cache = new Map()
  /** @type {WeakMap<object, string>} */
  #tickets = new WeakMap()
  /** @type {Map<import('node:stream').Duplex, string>} */
  #sockets = new Map()

  /** @param {string} bridgeUrl */
  constructor (bridgeUrl) {
    this.#bridge = bridgeUrl
  }

  /** Node-RED's `adminAuth`: a header, and nothing else. */
  get adminAuth () {
    return { tokenHeader: HEADER, tokens: (/** @type {string} */ ticket) => this.userOf(ticket) }
  }

  /**
   * Returns whose ticket this is, or null.
   * @param {string | string[] | undefined} ticket
   * @returns {Promise<User | null>}
   */
  userOf (ticket) {
    if (typeof ticket !== 'string' || !ticket) return Promise.resolve(null)
    this.#forgetOld()
    const known = this.#cache.get(ticket)
    if (known) return known.user
    const user = this.#ask(ticket)
    this.#cache.set(ticket, { at: Date.now(), user })
    return user
  }

  /**
   * Returns the ticket a user came with: what proves to OpsConductor who deploys.
   * @param {object | undefined} user
   */
  ticketOf (user) {
    return user && this.#tickets.get(user)
  }

  /** Lets only people through who are signed in; Node-RED itself would show the editor's files to anybody. */
  get required () {
    return async (/** @type {any} */ req, /** @type {any} */ res, /** @type {(error?: unknown) => void} */ next) => {
      if (await this.userOf(req.headers[HEADER])) return next()
      res.status(401).json({ code: 'not_signed_in', message: 'Sign in to OpsConductor first.' })
    }
  }

  /**
   * Ends open editor connections when their session ends: Node-RED looks at the ticket only when they are opened.
   * @param {import('node:http').Server} server
   */
  watch (server) {
    server.on('upgrade', (req, socket) => {
      const ticket = req.headers[HEADER]
      if (typeof ticket !== 'string') return
      this.#sockets.set(socket, ticket)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    const timer = setInterval(() => this.#closeEnded(), CHECK_SOCKETS)
    timer.unref()
    server.on('close', () => clearInterval(timer))
  }

  async #closeEnded () {
    await Promise.all([...this.#sockets].map(async ([socket, ticket]) => {
      if (!await this.userOf(ticket)) socket.destroy()
    }))
  }

  /** @param {string} ticket @returns {Promise<User | null>} */
  async #ask (ticket) {
    try {
      const found = await request(`${this.#bridge}/api/nodered/whoami`, { token: ticket, timeout: ANSWER_WITHIN })
      if (typeof found?.username !== 'string' || !Array.isArray(found.permissions)) return null
      const user = { username: found.username, permissions: found.permissions }
      this.#tickets.set(user, ticket)
      return user
    } catch (error) {
      // Whatever the reason: who can't be proven to be somebody is nobody.
      const status = /** @type {any} */ (error).status
      if (status !== 401) log('warning', 'sign-in.failed', { message: String(error), status })
      return null
    }
  }

  #forgetOld () {
    for (const [ticket, { at }] of this.#cache) {
      if (at > Date.now() - CACHED) return
      this.#cache.delete(ticket)
    }
  }
}

module.exports = { HEADER, SignIn }

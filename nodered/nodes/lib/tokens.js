/** With whose token a message asks OpsConductor. Tokens never leave this process, nor a message's way through it. */
'use strict'

const { BridgeError } = require('./http')

const RENEW_BEFORE = 30_000 // ms; a token must outlive the request it is used for
const TOKEN_LIFE = 15 * 60_000 // ms; what the bridge gives

/** @typedef {{id: string, flow: string}} Run */
/** @typedef {{token: string, expiresAt: number}} RunToken */

/** In OpsConductor's own Node-RED: a token for each run, which acts as the owner of its flow. */
class RunTokens {
  #ask
  /** @type {Map<string, {since: number, token: Promise<RunToken>}>} by run, oldest first */
  #tokens = new Map()

  /** @param {(run: Run) => Promise<RunToken>} ask */
  constructor (ask) {
    this.#ask = ask
  }

  /**
   * Sends something with the token of a run; with a new one where it was refused.
   * @template T
   * @param {Run} run
   * @param {AbortSignal | undefined} signal
   * @param {(token: string) => Promise<T>} send
   * @returns {Promise<T>}
   */
  async sendWith (run, signal, send) {
    const first = await this.#of(run, signal)
    try {
      return await send(first.token)
    } catch (error) {
      if (!(error instanceof BridgeError) || error.status !== 401) throw error
      await this.#forget(run, first)
      return send((await this.#of(run, signal)).token)
    }
  }

  clear () {
    this.#tokens.clear()
  }

  /** @param {Run} run @param {AbortSignal} [signal] */
  async #of (run, signal) {
    const known = await this.#tokens.get(run.id)?.token.catch(() => null)
    if (known && known.expiresAt - Date.now() > RENEW_BEFORE) return known
    this.#forgetOld()
    // Not bound to the signal of one message: others of the same run may wait for this token.
    const token = this.#ask(run)
    this.#tokens.delete(run.id)
    this.#tokens.set(run.id, { since: Date.now(), token })
    token.catch(() => this.#tokens.delete(run.id))
    const fresh = await token
    signal?.throwIfAborted()
    return fresh
  }

  /** Forgets a refused token, unless somebody else has renewed it meanwhile. @param {Run} run @param {RunToken} refused */
  async #forget (run, refused) {
    const known = await this.#tokens.get(run.id)?.token.catch(() => null)
    if (known === refused) this.#tokens.delete(run.id)
  }

  #forgetOld () {
    for (const [id, { since }] of this.#tokens) {
      if (since > Date.now() - TOKEN_LIFE) return
      this.#tokens.delete(id)
    }
  }
}

/** In any other Node-RED: the workflow token of its server node, which acts as who made it. */
class OneToken {
  #token

  /** @param {string} token */
  constructor (token) {
    this.#token = token
  }

  /** @template T @param {Run} _run @param {AbortSignal | undefined} _signal @param {(token: string) => Promise<T>} send */
  sendWith (_run, _signal, send) {
    return send(this.#token)
  }

  clear () {}
}

module.exports = { OneToken, RunTokens }

/** With whose token a message asks OpsConductor. Tokens never leave this process, nor a message's way through it. */
'use strict'

const { BridgeError } = require('./http')

const RENEW_BEFORE = 30_000 // ms; a token must outlive the request it is used for
const TOKEN_LIFE = 15 * 60_000 // ms; what the bridge gives

/** @typedef {{id: string, flow: string}} Run */
/** @typedef {{token: string, expiresAt: number}} RunToken */

/**
 * In OpsConductor's own Node-RED: tokens that act as the owner of the flow a run started in. Runs of one flow share a
 * token for as long as it lives: a new one for each is a fifth of all requests of a short run, and may nothing else.
 */
class RunTokens {
  #ask
  /** @type {Map<string, {since: number, token: Promise<RunToken>}>} by flow, oldest first */
  #tokens = new Map()

  /** @param {(run: Run) => Promise<RunToken>} ask */
  constructor (ask) {
    this.#ask = ask
  }

  /**
   * Sends something with the token of a run's flow; with a new one where it was refused.
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
    const kept = this.#tokens.get(run.flow)
    const known = await kept?.token.catch(() => null)
    if (known && known.expiresAt - Date.now() > RENEW_BEFORE) return known
    const others = this.#tokens.get(run.flow)
    const { token } = others && others !== kept ? others : this.#renew(run)
    // Not bound to the signal of one message: others of the same flow wait for this token.
    const fresh = await token
    signal?.throwIfAborted()
    return fresh
  }

  /** @param {Run} run */
  #renew (run) {
    this.#forgetOld()
    const asked = { since: Date.now(), token: this.#ask(run) }
    this.#tokens.delete(run.flow) // so that the oldest come first
    this.#tokens.set(run.flow, asked)
    asked.token.catch(() => { if (this.#tokens.get(run.flow) === asked) this.#tokens.delete(run.flow) })
    return asked
  }

  /** Forgets a refused token, unless somebody else has renewed it meanwhile. @param {Run} run @param {RunToken} refused */
  async #forget (run, refused) {
    const known = await this.#tokens.get(run.flow)?.token.catch(() => null)
    if (known === refused) this.#tokens.delete(run.flow)
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

/** What the nodes may ask of OpsConductor. Tokens stay in here. */
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { BridgeError, open, request } = require('./http')
const { Events } = require('./events')
const { Runs } = require('./runs')
const { TABLE } = require('./statuses')
const { OneToken, RunTokens } = require('./tokens')
const { IN_MEMORY } = require('./waits')

const PAUSES = [500, 1_000, 2_000, 5_000] // ms between tries; the last one again and again
const LONGEST_TRYING = 10 * 60_000 // ms
const LONG = 120_000 // ms for what may be large, or may have to wait in line in the bridge

/** @typedef {import('./http').Options} Options */
/** @typedef {(revision: string) => number | undefined} DeployOf the number of the deploy that an editor has, by its revision */
/** @typedef {{url: string, instanceToken: string, deployOf?: DeployOf}} OwnAccess of OpsConductor's own Node-RED */
/** @typedef {{url: string, token: string}} TokenAccess of any other, with a workflow token */
/** @typedef {{id: string, name: string, os_type: string, environment: string, status: string} & Record<string, unknown>} Target */
/**
 * @typedef {object} Result
 * @property {string} target_id
 * @property {string} target_name
 * @property {string} status
 * @property {number | null} exit_code
 * @property {string} [execution_id] in messages
 * @property {string} [output_text] not in a handle
 * @property {string} [error_text]
 * @property {number} output_bytes
 * @property {number} error_bytes
 * @property {boolean} output_truncated
 * @property {boolean} error_truncated
 * @property {string | null} output_sha256
 * @property {string | null} error_sha256
 * @property {string | null} error_code
 * @property {string | null} error_message
 * @property {{type: string, status: string, detail: Record<string, any>}[]} [steps]
 */
/**
 * @typedef {object} Results
 * @property {string} execution_id
 * @property {string} status
 * @property {boolean} terminal
 * @property {number} target_count
 * @property {Record<string, number>} counts
 * @property {Result[]} results
 * @property {number | null} execution_time
 */
/** @typedef {{channel_id: string, channel_name: string, status: string, attempts: number, error_code: string | null, error_message: string | null}} Delivery */
/** @typedef {{notification_id: string, finished: boolean, title: string, deliveries: Delivery[]}} Notified */

class Bridge {
  #url
  #instanceToken = ''
  /** A workflow token; with one, messages and dialogs alike ask with it. */
  #token = ''
  #runs = new Runs()
  #events
  #tokens
  /** @type {(() => Promise<void>)[]} */
  #atEnd = []

  /** @type {DeployOf} */
  deployOf = () => undefined

  /** @param {OwnAccess | TokenAccess} access */
  constructor (access) {
    this.#url = access.url.replace(/\/+$/, '')
    if ('token' in access) {
      this.#token = access.token
      this.#tokens = new OneToken(access.token)
      this.#events = new Events(null)
    } else {
      this.#instanceToken = access.instanceToken
      if (access.deployOf) this.deployOf = access.deployOf
      this.#tokens = new RunTokens(run => this.#newToken(run))
      this.#events = new Events((signal, lastId) => open(`${this.#url}/api/workflow/events`, {
        token: this.#instanceToken, signal, headers: lastId ? { 'last-event-id': lastId } : {}
      }))
    }
  }

  /** Whether messages that nodes hold are kept over a restart: only OpsConductor's own Node-RED has a place for them. */
  get keepsMessages () {
    return !this.#token
  }

  /** @param {any} msg @param {string} flow */
  runOf (msg, flow) {
    return this.#runs.of(msg, flow)
  }

  /**
   * Returns the bridge as a message in a tab may use it.
   * @param {{msg: any, flow: string, signal: AbortSignal, waiting?: (error: BridgeError) => void}} place
   */
  forMessage ({ msg, flow, signal, waiting = () => {} }) {
    const run = this.runOf(msg, flow)
    /** @type {(path: string, options?: Options) => Promise<any>} */
    const ask = (path, options = {}) => this.#asRun(run, flow, path, { signal, ...options })
    /** @type {(path: string, options?: Options) => Promise<any>} */
    const insist = (path, options) => trying(() => ask(path, options), { signal, waiting })
    return {
      run,
      /** @param {Record<string, string>} filter @returns {Promise<{targets: Target[]}>} */
      targets: filter => insist(`/targets?${new URLSearchParams(filter)}`),
      /**
       * @param {object} wanted
       * @param {string} key makes sending it again harmless
       * @returns {Promise<{execution_id: string, status: string, goingOnSince: import('./events').Moment | null}>} the last is for `ended`
       */
      execute: async (wanted, key) => {
        const { now } = this.#events
        const accepted = await insist('/execute', { method: 'POST', body: wanted, headers: { 'idempotency-key': key }, timeout: LONG })
        return { ...accepted, goingOnSince: TABLE[accepted.status]?.terminal ? null : now }
      },
      /**
       * Returns what this key was accepted with before, and begins nothing; used when `signal` has fired already.
       * @param {object} wanted as it was sent then
       * @param {string} key
       * @param {AbortSignal} limit
       * @returns {Promise<{execution_id: string}>}
       */
      accepted: (wanted, key, limit) => ask('/execute', {
        method: 'POST', body: wanted, headers: { 'idempotency-key': key, 'if-match': '*' }, signal: limit
      }),
      /** @param {string} id @param {{outputs?: boolean}} [options] whether with what was written @returns {Promise<Results>} */
      results: (id, { outputs = true } = {}) => insist(`/results/${id}?output=${outputs}`, { timeout: LONG }),
      /** @param {string} id @param {string[]} targetIds up to 200 @returns {Promise<{results: Result[]}>} */
      outputs: (id, targetIds) => insist(`/outputs/${id}?${targetIds.map(one => `target_id=${encodeURIComponent(one)}`).join('&')}`, { timeout: LONG }),
      /**
       * @param {string} name
       * @param {Buffer} content
       * @param {string} key makes sending it again harmless
       * @param {AbortSignal} limit
       * @returns {Promise<{id: string}>}
       */
      keepFile: (name, content, key, limit) => insist(`/files?${new URLSearchParams({ name })}`, {
        method: 'POST', content, headers: { 'idempotency-key': key }, timeout: LONG, signal: limit
      }),
      /** @param {string} id @param {AbortSignal} [limit] */
      removeFile: (id, limit = signal) => insist(`/files/${id}`, { method: 'DELETE', signal: limit }),
      /**
       * Waits for the end of an execution; returns its results, too, where they were asked for and it has just ended.
       * @param {string} id
       * @param {import('./events').Progress} progress
       * @param {{limit?: AbortSignal, results?: {outputs: boolean} | null, goingOnSince?: import('./events').Moment | null}} [options]
       *   `limit` for waiting, where it is shorter than the message's
       */
      ended: (id, progress, { limit = signal, results = null, goingOnSince = null } = {}) => {
        /** @type {import('./events').Look} */
        const look = ({ wait, again, signal: meanwhile }) => insist(
          wait || (again && results)
            ? `/results/${id}?${wait ? `wait=${wait}&` : ''}output=${results?.outputs ?? false}`
            : `/state/${id}`,
          {
            timeout: results ? LONG : 30_000 + wait * 1_000,
            signal: meanwhile ? AbortSignal.any([limit, meanwhile]) : limit
          }
        )
        return this.#events.ended(id, look, { signal: limit, progress, goingOnSince })
      },
      /** Asks for the end of an execution; used when `signal` has fired already. @param {string} id @param {AbortSignal} limit */
      cancel: (id, limit) => ask(`/cancel/${id}`, { method: 'POST', signal: limit }),
      /** @param {object} wanted @param {string} key makes sending it again harmless @returns {Promise<Notified>} */
      notify: (wanted, key) => insist('/notify', { method: 'POST', body: wanted, headers: { 'idempotency-key': key } }),
      /** @param {string} id @param {number} wait s until nothing of it is pending any more @returns {Promise<Notified>} */
      notification: (id, wait) => insist(`/notifications/${id}?wait=${wait}`, { timeout: 30_000 + wait * 1_000 }),
      /** @param {object} wanted @param {string} key makes sending it again harmless @returns {Promise<{audit_id: string}>} */
      audit: (wanted, key) => insist('/audit', { method: 'POST', body: wanted, headers: { 'idempotency-key': key } })
    }
  }

  /**
   * Returns how the person in the editor asks for what they may see; with a workflow token, for what that may.
   * @param {string} ticket
   * @returns {import('./dialogs').Ask}
   */
  asPerson (ticket) {
    return (path, query = {}, body = undefined) => request(`${this.#url}/api/workflow/${path}?${new URLSearchParams(query)}`, {
      token: this.#token || ticket, ...(body !== undefined && { method: 'POST', body })
    })
  }

  /**
   * Tells what became of runs, in the name of Node-RED itself.
   * @param {object} reports
   * @param {{timeout?: number}} [options] ms
   * @returns {Promise<{cancel: string[]}>} runs that somebody wants to end
   */
  reportRuns (reports, options = {}) {
    return request(`${this.#url}/api/nodered/runs`, { method: 'PUT', token: this.#instanceToken, body: reports, ...options })
  }

  /** Makes a run known that began before this process did. @param {{id: string, flow: string}} run */
  knowRun (run) {
    this.#runs.know(run)
  }

  /**
   * Returns what keeps the messages that nodes hold, in the name of Node-RED itself.
   * @param {{signal: AbortSignal, waiting?: (error: BridgeError) => void}} place
   * @returns {import('./waits').Access}
   */
  waits ({ signal, waiting = () => {} }) {
    if (!this.keepsMessages) return IN_MEMORY
    /** @type {(path: string, options?: Options) => Promise<any>} */
    const ask = (path, options = {}) => trying(
      () => request(`${this.#url}/api/nodered/waits${path}`, { token: this.#instanceToken, signal, ...options }), { signal, waiting }
    )
    return {
      async * of (node) {
        let cursor = ''
        do {
          const page = await ask(`?${new URLSearchParams({ node_id: node, ...(cursor && { cursor }) })}`)
          yield * page.waits
          cursor = page.next_cursor ?? ''
        } while (cursor)
      },
      keep: (id, wait) => ask(`/${id}`, { method: 'PUT', body: wait }),
      claim: (id, seconds) => ask(`/${id}/claim`, { method: 'POST', body: { seconds } }),
      forget: id => ask(`/${id}`, { method: 'DELETE' }),
      forgetAll: node => ask(`?node_id=${encodeURIComponent(node)}`, { method: 'DELETE' })
    }
  }

  /** Tells of each run about which there is news. @param {(id: string) => void} listener */
  onRun (listener) {
    this.#events.onRun(listener)
  }

  /** Tells when somebody may have restored other flows than those that run. @param {() => void} listener */
  onFlows (listener) {
    this.#events.onFlows(listener)
  }

  /** Does something before the access is taken back. @param {() => Promise<void>} act */
  atEnd (act) {
    this.#atEnd.push(act)
  }

  async close () {
    await Promise.allSettled(this.#atEnd.map(act => act()))
    this.#events.close()
    this.#tokens.clear()
  }

  /**
   * @param {{id: string, flow: string}} run
   * @param {string} flow the tab that executes, which need not be the one the run started in
   * @param {string} path
   * @param {Options} options
   */
  #asRun (run, flow, path, options) {
    return this.#tokens.sendWith(run, options.signal, token => request(`${this.#url}/api/workflow${path}`, {
      ...options, token, headers: { ...options.headers, 'x-opsconductor-flow': flow }
    }))
  }

  /** @param {{id: string, flow: string}} run @returns {Promise<import('./tokens').RunToken>} */
  async #newToken (run) {
    const said = await request(`${this.#url}/api/workflow/auth`, {
      method: 'POST', token: this.#instanceToken, body: { flow_id: run.flow, run_id: run.id }, timeout: LONG
    })
    return { token: said.token, expiresAt: Date.parse(said.expires_at) }
  }
}

/**
 * Does something until it succeeds or can't succeed: what the bridge refuses is final, silence and "too busy" are not.
 * @template T
 * @param {() => Promise<T>} attempt
 * @param {{signal: AbortSignal, waiting: (error: BridgeError) => void}} options
 * @returns {Promise<T>}
 */
async function trying (attempt, { signal, waiting }) {
  const until = Date.now() + LONGEST_TRYING
  for (let tries = 0; ; tries++) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof BridgeError) || !error.retry) throw error
      const pause = error.pause ?? PAUSES[Math.min(tries, PAUSES.length - 1)]
      if (Date.now() + pause > until) throw error
      waiting(error)
      await sleep(pause, undefined, { signal })
    }
  }
}

module.exports = { Bridge, BridgeError }

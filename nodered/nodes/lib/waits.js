/**
 * Messages that a node holds until something has happened, over restarts of Node-RED: kept before it begins to wait, claimed
 * before its message goes on, forgotten after it went. Between claim and forgetting lies the one moment in which a crash
 * makes a message go on twice, with the same run id. A node of ours right behind it knows the second one by its key, and has
 * the core do nothing twice.
 */
'use strict'

const { createHash, randomUUID } = require('node:crypto')
const { setTimeout: sleep } = require('node:timers/promises')

const LARGEST = 1024 * 1024 // bytes of a message as JSON
const CLAIMED_FOR = 10 // s in which a message has to be sent on
const ASK_AGAIN = 2_000 // ms, while another may be sending the message on
const NOT_KEPT = ['req', 'res', '_session'] // connections end with the process

/**
 * @typedef {object} Access to what keeps messages
 * @property {(node: string) => Promise<{waits: Kept[]}>} of
 * @property {(id: string, wait: object) => Promise<void>} keep
 * @property {(id: string, seconds: number) => Promise<{claimed: boolean, gone: boolean}>} claim
 * @property {(id: string) => Promise<void>} forget
 * @property {(node: string) => Promise<void>} forgetAll
 */
/** @typedef {Record<string, any>} Facts what a node has to know to go on */
/** @typedef {{id: string, run_id: string, run_flow_id: string, state: {msg: any, facts: Facts | null}}} Kept */

/** Keeps nothing: outside of OpsConductor's own Node-RED a message that is held is lost when Node-RED stops. @type {Access} */
const IN_MEMORY = {
  of: async () => ({ waits: [] }),
  keep: async () => {},
  claim: async () => ({ claimed: true, gone: false }),
  forget: async () => {},
  forgetAll: async () => {}
}

/** Messages that were held before this process began, by what is known of them. @type {WeakMap<object, {id: string, facts: Facts | null}>} */
const resumed = new WeakMap()

/** Messages that were held and are on their way to the next node, by the key they have there. @type {WeakMap<object, string>} */
const handedOn = new WeakMap()
/** The wait whose message is being sent on right now. @type {string | null} */
let sendingOn = null

/** A message that a node holds. */
class Wait {
  #access
  #signal
  #place
  /** What is kept with the message; null as long as it is not. */
  facts

  /**
   * @param {object} options
   * @param {Access} options.access
   * @param {string} options.id
   * @param {{flow_id: string, node_id: string, run_id: string, run_flow_id: string}} options.place
   * @param {Facts | null} options.facts
   * @param {AbortSignal} options.signal
   */
  constructor ({ access, id, place, facts, signal }) {
    this.#access = access
    this.#signal = signal
    this.#place = place
    this.id = id
    this.facts = facts
  }

  /** Keeps a message that has to wait for its turn; after a restart it is begun with. @param {any} msg */
  keepInLine (msg) {
    return this.#keep(msg, null)
  }

  /** Keeps the message, with what is needed to go on with it. @param {any} msg @param {Facts} facts */
  async keep (msg, facts) {
    await this.#keep(msg, facts)
    this.facts = facts
  }

  /** Tells whether the message may be sent on from here; waits while another may be doing so. */
  async claim () {
    for (;;) {
      const { claimed, gone } = await this.#access.claim(this.id, CLAIMED_FOR)
      if (claimed || gone) return claimed
      await sleep(ASK_AGAIN, undefined, { signal: this.#signal })
    }
  }

  forget () {
    return this.#access.forget(this.id)
  }

  /** @param {any} msg @param {Facts | null} facts */
  async #keep (msg, facts) {
    await this.#access.keep(this.id, { ...this.#place, state: { msg: keepable(msg), facts } })
  }
}

/**
 * Holds a message until something has happened, and returns what is to be sent then.
 * @param {Pick<import('./define-node').Work<any>, 'msg' | 'wait' | 'signal'>} work
 * @param {() => Promise<Facts>} begin finds out what is waited for, for a new message
 * @param {(facts: Facts) => Promise<import('./define-node').Outcome>} until waits for it
 * @returns {Promise<import('./define-node').Outcome>}
 */
async function held ({ msg, wait, signal }, begin, until) {
  const facts = wait.facts ?? await begin()
  if (!wait.facts) await wait.keep(msg, facts)
  try {
    const outcome = await until(facts)
    if (!await wait.claim()) return { outputs: [], status: {} }
    return { ...outcome, sent: () => wait.forget() }
  } catch (error) {
    // What failed would fail again after every restart; what was only stopped goes on after it.
    if (!signal.aborted) await wait.forget()
    throw error
  }
}

/** @param {any} msg */
function keepable (msg) {
  const text = JSON.stringify(Object.fromEntries(Object.entries(msg).filter(([key]) => !NOT_KEPT.includes(key))))
  if (Buffer.byteLength(text) > LARGEST) {
    const size = `${Buffer.byteLength(text)} bytes, at most ${LARGEST}`
    throw new Error(`The message is too large to be held over a restart (${size}); remove what the flow does not need.`)
  }
  return JSON.parse(text)
}

/** Makes a message of one that was kept. @param {Kept} kept */
function messageOf ({ id, run_id, state }) {
  const msg = { ...revived(state.msg), _opsc: { run: run_id } }
  resumed.set(msg, { id, facts: state.facts })
  return msg
}

/** Buffers become what they were. @param {any} value @returns {any} */
function revived (value) {
  if (value?.type === 'Buffer' && Array.isArray(value.data)) return Buffer.from(value.data)
  if (Array.isArray(value)) return value.map(revived)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, revived(one)]))
}

/** Sends on what was held. @param {string} id of the wait @param {() => void} send */
function sendOn (id, send) {
  sendingOn = id
  try {
    send()
  } finally {
    sendingOn = null
  }
}

/**
 * A message is handed to a node; Node-RED says so while it is being sent. Only that node will know it again: what it makes of
 * the message may be many messages.
 * @param {object} msg
 * @param {number} port it was sent from
 * @param {{id: string}} node
 */
function handed (msg, port, node) {
  if (sendingOn !== null) handedOn.set(msg, uuidOf(`${sendingOn} ${port} ${node.id}`))
}

/**
 * Returns what is known of a message that reaches a node, once: the next node may get the same object.
 * @param {object} msg
 * @returns {{key: string, facts: Facts | null, isNew: boolean}} `key` is the same whenever the same message comes again, as far as
 *   that can be told; it has never been here where `isNew`
 */
function arrived (msg) {
  const before = resumed.get(msg)
  const known = before?.id ?? handedOn.get(msg)
  resumed.delete(msg)
  handedOn.delete(msg)
  return { key: known ?? randomUUID(), facts: before?.facts ?? null, isNew: known === undefined }
}

/** @param {string} text */
function uuidOf (text) {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

/** Tells whether a message was held before this process began, and has not reached its node yet. @param {object} msg */
function isResumed (msg) {
  return resumed.has(msg)
}

module.exports = { IN_MEMORY, Wait, arrived, handed, held, isResumed, messageOf, sendOn }

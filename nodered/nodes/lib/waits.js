/**
 * Messages that a node holds until something has happened, over restarts of Node-RED and deploys: kept before it begins to wait,
 * claimed before its message goes on, forgotten after it went. A node right behind it that holds messages, too, takes it over:
 * the one is kept and the other forgotten in one transaction. Otherwise there is a moment between claim and forgetting in which
 * a crash makes a message go on twice, with the same run id. A node of ours right behind it knows the second one by its key,
 * and has the core do nothing twice.
 */
'use strict'

const { createHash, randomUUID } = require('node:crypto')
const { setTimeout: sleep } = require('node:timers/promises')

const LARGEST = 1024 * 1024 // bytes of a message as JSON
const CLAIMED_FOR = 10 // s in which a message has to be sent on
const TOLD_WITHIN = 60_000 // ms from the last node of a run to its end being told; a run that goes on longer has other messages
const ASK_AGAIN = 2_000 // ms, while another may be sending the message on
const NOT_KEPT = ['req', 'res', '_session'] // connections end with the process

/**
 * @typedef {object} Access to what keeps messages
 * @property {(node: string) => AsyncIterable<Kept>} of
 * @property {(id: string, wait: object) => Promise<void>} keep
 * @property {(id: string, seconds: number) => Promise<{claimed: boolean, gone: boolean}>} claim
 * @property {(id: string) => Promise<void>} forget
 * @property {(node: string) => Promise<void>} forgetAll
 */
/** @typedef {'held' | 'dealt with' | 'not taken'} Taken the last one where the next node was stopped before it held the message */
/** @typedef {Record<string, any>} Facts what a node has to know to go on */
/** @typedef {{id: string, run_id: string, run_flow_id: string, state: {msg: any, facts: Facts | null}}} Kept */

/** Keeps nothing: outside of OpsConductor's own Node-RED a message that is held is lost when Node-RED stops. @type {Access} */
const IN_MEMORY = {
  async * of () {},
  keep: async () => {},
  claim: async () => ({ claimed: true, gone: false }),
  forget: async () => {},
  forgetAll: async () => {}
}

/** Messages that were held before their node was there, by what is known of them. @type {WeakMap<object, {id: string, facts: Facts | null}>} */
const resumed = new WeakMap()
/** What became of the message that a node is saying now that it is done with. @type {Conclusion} */
let conclusion = null
/** Nodes that go on with what was held before they were there, by id. @type {Set<string>} */
const durable = new Set()

/** Messages that were held and are on their way to the next node. @type {WeakMap<object, Handover>} */
const handedOn = new WeakMap()
/** The wait whose message is being sent on right now, and to whom. @type {{id: string, reached: number, takers: Handover[]} | null} */
let sendingOn = null
/** Returns when it was told how a run ended; null where runs are not told of. @type {((run: string) => Promise<void>) | null} */
let endTold = null
/** While a deploy stops and starts nodes; where it sends anything then, there may be nobody. */
let deploy = Promise.resolve()
let deployed = () => {}

/** A message on its way from one node that held it to the next. */
class Handover {
  /** The wait that the next one takes the place of, where it is the only one. @type {string | null} */
  follows = null
  /** Tells what became of it; what is said first counts. @type {(how: Taken) => void} */
  taken = () => {}
  /** @type {Promise<Taken>} */
  ended = new Promise(resolve => { this.taken = resolve })

  /** @param {string} key the message is known by at the next node, however often it is sent */
  constructor (key) {
    this.key = key
  }
}

/** A message that a node holds. */
class Wait {
  #access
  #signal
  #place
  #handover
  /** What is kept with the message; null as long as there is nothing. */
  facts
  /** Whether it is written down. */
  kept

  /**
   * @param {object} options
   * @param {Access} options.access for as long as the node has time, also when it is stopped
   * @param {{flow_id: string, node_id: string, run_id: string, run_flow_id: string}} options.place
   * @param {Arrival} options.arrival
   * @param {AbortSignal} options.signal fires when the node is stopped
   */
  constructor ({ access, place, arrival, signal }) {
    this.#access = access
    this.#signal = signal
    this.#place = place
    this.#handover = arrival.handover
    this.id = arrival.key
    this.facts = arrival.facts
    this.kept = arrival.resumed
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
      this.#signal.throwIfAborted()
      const { claimed, gone } = await this.#access.claim(this.id, CLAIMED_FOR)
      if (claimed || gone) return claimed
      await sleep(ASK_AGAIN, undefined, { signal: this.#signal })
    }
  }

  async forget () {
    await this.#access.forget(this.id)
    this.kept = false
  }

  /** @param {any} msg @param {Facts | null} facts */
  async #keep (msg, facts) {
    const follows = this.#handover?.follows ?? null
    await this.#access.keep(this.id, { ...this.#place, follows, state: { msg: keepable(msg), facts } })
    this.kept = true
    this.#handover?.taken('held')
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

/**
 * Sends on what was held; once that returns, the message is in good hands. Where it was handed to a node that was stopped before it
 * held it, it is sent again, to the one that comes after that.
 * @param {Wait} wait
 * @param {() => void} send
 * @param {AbortSignal} signal
 * @returns {Promise<'taken over' | 'sent' | 'nobody there'>} taken over: it is forgotten already
 */
async function sendOn (wait, send, signal) {
  for (;;) {
    await before(signal, deploy)
    signal.throwIfAborted()
    const { reached, takers } = sent(wait.id, send)
    const ends = await Promise.all(takers.map(taker => taker.ended))
    if (ends.includes('not taken')) continue
    if (takers.length !== 1 || ends[0] !== 'held') return reached ? 'sent' : 'nobody there'
    wait.kept = false
    return 'taken over'
  }
}

/** @param {string} id @param {() => void} send */
function sent (id, send) {
  const sending = sendingOn = { id, reached: 0, takers: /** @type {Handover[]} */ ([]) }
  try {
    send()
  } finally {
    sendingOn = null
  }
  if (sending.takers.length === 1) sending.takers[0].follows = id // nobody has it yet: messages are delivered later
  return sending
}

/**
 * Waits until it was told how a run ended, where it ends now: a run must not seem lost of which nothing is left to do.
 * @param {string} run
 * @param {AbortSignal} signal
 */
async function untilTold (run, signal) {
  if (endTold) await before(AbortSignal.any([signal, AbortSignal.timeout(TOLD_WITHIN)]), endTold(run))
}

/**
 * A message is handed to a node; Node-RED says so while it is being sent. Only that node will know it again: what it makes of
 * the message may be many messages.
 * @param {object} msg
 * @param {number} port it was sent from
 * @param {{id: string}} node
 */
function handed (msg, port, node) {
  if (sendingOn === null) return
  sendingOn.reached++
  const handover = new Handover(uuidOf(`${sendingOn.id} ${port} ${node.id}`))
  handedOn.set(msg, handover)
  if (durable.has(node.id)) sendingOn.takers.push(handover)
}

/**
 * @typedef {object} Arrival what is known of a message that reaches a node
 * @property {string} key the same whenever the same message comes again, as far as that can be told
 * @property {boolean} resumed whether it was held already
 * @property {Facts | null} facts
 * @property {Handover | undefined} handover
 */
/** Returns what is known of a message that reaches a node, once: the next node may get the same object. @param {object} msg @returns {Arrival} */
function arrived (msg) {
  const before = resumed.get(msg)
  const handover = handedOn.get(msg)
  resumed.delete(msg)
  handedOn.delete(msg)
  return { key: before?.id ?? handover?.key ?? randomUUID(), resumed: Boolean(before), facts: before?.facts ?? null, handover }
}

/**
 * Waits for something until a signal fires; leaves nothing behind at the signal, which lives as long as its node.
 * @param {AbortSignal} signal
 * @param {Promise<void>} what
 */
async function before (signal, what) {
  if (signal.aborted) return
  let stop = () => {}
  const aborted = new Promise(resolve => { stop = () => resolve(undefined) })
  signal.addEventListener('abort', stop, { once: true })
  await Promise.race([what, aborted])
  signal.removeEventListener('abort', stop)
}

/** @param {string} text */
function uuidOf (text) {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `8${hex.slice(17, 20)}`, hex.slice(20, 32)].join('-')
}

/** Tells whether a message was held before its node was there, and has not reached it yet. @param {object} msg */
function isResumed (msg) {
  return resumed.has(msg)
}

/**
 * @typedef {'went on' | 'left' | 'handed back' | null} Conclusion what became of a message: it went on, also as an error; or the node was
 *   stopped, and goes on with it when it is there again; or who sent it still holds it, and sends it again; otherwise nobody knows
 */
/** Says that a node is done with a message. @param {Conclusion} how @param {() => void} done */
function conclude (how, done) {
  conclusion = how
  try {
    done()
  } finally {
    conclusion = null
  }
}

/** Returns what became of the message that a node is saying now that it is done with. */
function concludedHow () {
  return conclusion
}

/** From now on runs are told of. @param {(run: string) => Promise<void>} ask returns when it was told how a run ended */
function runsAreTold (ask) {
  endTold = ask
}

/** A deploy begins to stop nodes. */
function deployBegins () {
  deployed()
  deploy = new Promise(resolve => { deployed = () => resolve(undefined) })
}

/** All nodes are there. */
function deployEnds () {
  deployed()
}

module.exports = {
  IN_MEMORY, Wait, arrived, conclude, concludedHow, deployBegins, deployEnds, durable, handed, held, isResumed, messageOf, runsAreTold, sendOn, untilTold
}

/** One stream of events for the whole process, and those who wait for the end of an execution. */
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { BridgeError } = require('./http')

const SILENCE = 40_000 // ms; the bridge says something every 15 s
const LOOK_AGAIN = 60_000 // ms; in case an event got lost
const LONG_POLL = 25 // s; below every proxy's usual limit
const BACKOFF = [250, 2_000] // ms, first and longest
const REMEMBERED = 1_000 // executions that were heard of lately

/**
 * @typedef {object} State
 * @property {string} status
 * @property {boolean} terminal
 * @property {Record<string, number>} counts
 * @property {import('./bridge').Result[]} [results] where they were asked for
 */
/** @typedef {(state: State) => void} Progress */
/** @typedef {{gaps: number, heard: number}} Moment from which on everything is heard, unless there is a gap */
/** @typedef {(signal: AbortSignal, lastId: string) => Promise<Response>} Open opens the stream, after an event that was heard */
/** @typedef {(how: {wait: number, again: boolean, signal?: AbortSignal}) => Promise<State>} Look asks once; waits up to so many seconds for the end */
/** @typedef {{next: () => Promise<void>, forget: () => void, onHeard: (act: () => void) => void}} News */

class Events {
  #open
  #stop = new AbortController()
  #connected = false
  /** Whether this attempt to connect has succeeded. */
  #greeted = false
  #running = false
  /** Of the last event that was heard; the bridge sends what came after it. */
  #lastId = ''
  /** How often something may have been missed. */
  #gaps = 0
  /** How many events about executions were heard. */
  #heardSoFar = 0
  /** When it was last heard of the latest executions, oldest first. @type {Map<string, number>} */
  #lately = new Map()
  /** @type {(id: string) => void} */
  #tellOfRun = () => {}
  /** @type {() => void} */
  #tellOfFlows = () => {}
  /** @type {Map<string, Set<(state?: State) => void>>} */
  #waiting = new Map()

  /** @param {Open | null} open null where there is no stream */
  constructor (open) {
    this.#open = open
  }

  /** Returns this moment, if the stream is heard. @returns {Moment | null} */
  get now () {
    return this.#connected ? { gaps: this.#gaps, heard: this.#heardSoFar } : null
  }

  /**
   * Waits for the end of an execution. Without a stream it asks with long polls.
   * @param {string} id
   * @param {Look} look
   * @param {{signal: AbortSignal, progress?: Progress, goingOnSince?: Moment | null}} options `goingOnSince` is when it was
   *   known to go on: there is nothing to look at before something is heard
   * @returns {Promise<State>}
   */
  async ended (id, look, { signal, progress = () => {}, goingOnSince = null }) {
    this.#start()
    for (let again = false; ; again = true) {
      const news = this.#news(id, signal)
      try {
        if (again || !this.#isStill(id, goingOnSince)) {
          const state = await (this.#connected ? look({ wait: 0, again }) : this.#poll(look, again, news))
          if (state?.terminal) return state
          if (state) progress(state)
        }
        if (this.#connected) await news.next()
      } finally {
        news.forget()
      }
    }
  }

  /** @param {(id: string) => void} listener is told of runs about which there is news */
  onRun (listener) {
    this.#tellOfRun = listener
    this.#start()
  }

  /** @param {() => void} listener is told when the stored flows may be others than those that were deployed from here */
  onFlows (listener) {
    this.#tellOfFlows = listener
    this.#start()
  }

  close () {
    this.#stop.abort()
  }

  /**
   * Asks with a long poll, which hears of the end only; null where the stream came meanwhile, by which all on the way is heard, too.
   * @param {Look} look
   * @param {boolean} again
   * @param {News} news
   */
  async #poll (look, again, news) {
    const stream = new AbortController()
    news.onHeard(() => { if (this.#connected) stream.abort() })
    try {
      return await look({ wait: LONG_POLL, again, signal: stream.signal })
    } catch (error) {
      if (error !== stream.signal.reason) throw error
      return null
    }
  }

  /**
   * Registers a waiter, before the first look, so that nothing is missed in between.
   * @param {string} id
   * @param {AbortSignal} signal
   * @returns {News}
   */
  #news (id, signal) {
    let heard = false
    let wake = () => {}
    const tell = () => { heard = true; wake() }
    const all = this.#waiting.get(id) ?? new Set()
    this.#waiting.set(id, all.add(tell))

    /** Returns when it is time to look again: events say that something changed, not what. */
    const next = async () => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(LOOK_AGAIN)])
      if (!heard && !limit.aborted) {
        await new Promise(resolve => {
          wake = () => resolve(undefined)
          limit.addEventListener('abort', wake, { once: true })
        })
      }
      signal.throwIfAborted()
    }
    const forget = () => {
      all.delete(tell)
      if (!all.size) this.#waiting.delete(id)
    }
    const onHeard = (/** @type {() => void} */ act) => { wake = act }
    return { next, forget, onHeard }
  }

  /** Tells whether nothing happened to an execution since. @param {string} id @param {Moment | null} since */
  #isStill (id, since) {
    if (!since || !this.#connected || since.gaps !== this.#gaps) return false
    const [oldest = 0] = this.#lately.values()
    const forgotten = this.#lately.size === REMEMBERED && oldest > since.heard
    return !forgotten && (this.#lately.get(id) ?? 0) <= since.heard
  }

  #start () {
    if (this.#running || !this.#open) return
    this.#running = true
    this.#listen(this.#open).finally(() => { this.#running = false })
  }

  /** @param {Open} open */
  async #listen (open) {
    const { signal } = this.#stop
    let pause = BACKOFF[0]
    while (!signal.aborted) {
      const began = Date.now()
      const error = await this.#stream(open, signal).catch(error => error)
      // One that broke is most often back at once, and goes on where it ended: only then nobody has to look again.
      if (this.#greeted) this.#greeted = false
      else this.#miss()
      pause = Date.now() - began > SILENCE ? BACKOFF[0] : Math.min(pause * 2, BACKOFF[1])
      const asked = error instanceof BridgeError ? error.pause : undefined
      await sleep(asked ?? pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {})
    }
  }

  /** There is no stream; who waits has to ask. */
  #miss () {
    this.#connected = false
    this.#lookAgain()
  }

  /** @param {Open} open @param {AbortSignal} signal */
  async #stream (open, signal) {
    const quiet = new AbortController()
    const watchdog = setTimeout(() => quiet.abort(), SILENCE)
    try {
      const response = await open(AbortSignal.any([signal, quiet.signal]), this.#lastId)
      for await (const event of eventsOf(response, () => watchdog.refresh())) this.#heard(event)
    } finally {
      clearTimeout(watchdog)
    }
  }

  /** @param {{event: string, data: string, id: string}} event */
  #heard ({ event, data, id }) {
    if (id) this.#lastId = id
    if (event === 'execution') {
      this.#heardOf(JSON.parse(data).execution_id)
    } else if (event === 'run') {
      this.#tellOfRun(JSON.parse(data).run_id)
    } else if (event === 'flows') {
      this.#tellOfFlows()
    } else if (event === 'hello') {
      this.#connected = this.#greeted = true
      if (!JSON.parse(data).resumed) this.#resync()
    } else if (event === 'resync') {
      this.#resync()
    }
  }

  /** @param {string} id of an execution */
  #heardOf (id) {
    this.#lately.delete(id) // so that the oldest come first
    this.#lately.set(id, ++this.#heardSoFar)
    if (this.#lately.size > REMEMBERED) this.#lately.delete(this.#lately.keys().next().value ?? '')
    for (const tell of this.#waiting.get(id) ?? []) tell()
  }

  /** What happened while nobody listened is not known: everybody looks again. */
  #resync () {
    this.#lookAgain()
    this.#tellOfFlows()
  }

  #lookAgain () {
    this.#gaps++
    for (const all of this.#waiting.values()) for (const tell of all) tell()
  }
}

/**
 * Reads server-sent events.
 * @param {Response} response
 * @param {() => unknown} alive called at every byte, comments included
 */
async function * eventsOf (response, alive) {
  let text = ''
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    alive()
    const blocks = (text + piece).split(/\r?\n\r?\n/)
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const fields = block.split(/\r?\n/).map(line => line.split(/: ?(.*)/s, 2))
      const all = (/** @type {string} */ name) => fields.filter(([key]) => key === name).map(([, value]) => value ?? '').join('\n')
      if (fields.some(([key]) => key === 'data' || key === 'event')) yield { event: all('event') || 'message', data: all('data'), id: all('id') }
    }
  }
}

module.exports = { Events, eventsOf }

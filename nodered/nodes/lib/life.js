/** The life of a node: what it is busy with, and the time that it has when it is stopped. */
'use strict'

const CLOSE_WITHIN = 2_000 // ms; every deploy waits for it
const LAST_WORDS = 100 // ms to say what became of messages whose time was over
const STOPPED = 'The node was stopped.'

/** From the start of a node to its end: first it is stopped, and then has a moment for what must not be left half done. */
class Life {
  #stop = new AbortController()
  #over = new AbortController()
  /** @type {Set<Promise<void>>} */
  #open = new Set()
  /** Keys of what came while it is asked for the messages of before, which may be in the answer, too. @type {Set<string> | null} */
  came = null
  /** Whether the node will not be there again. */
  removed = false

  /** Fires when the node is stopped. */
  get stopped () {
    return this.#stop.signal
  }

  /** Fires when it has no more time. */
  get over () {
    return this.#over.signal
  }

  /** @param {Promise<void>} working */
  busyWith (working) {
    this.#open.add(working)
    working.finally(() => this.#open.delete(working))
  }

  /** Stops the node; returns once it is done with everything, or has no more time. @param {boolean} removed */
  async end (removed) {
    this.removed = removed
    this.#stop.abort(new Error(STOPPED))
    await new Promise(resolve => setImmediate(resolve)) // what was sent to it before gets here first
    await this.#idle(CLOSE_WITHIN)
    this.#over.abort(new Error(STOPPED))
    await this.#idle(LAST_WORDS)
  }

  /** @param {number} within ms */
  #idle (within) {
    return Promise.race([Promise.allSettled(this.#open), new Promise(resolve => setTimeout(resolve, within).unref())])
  }
}

module.exports = { CLOSE_WITHIN, Life }

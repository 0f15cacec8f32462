/** Messages take turns: a node works on so many at once. */
'use strict'

const MOST_WAITING = 1_000 // messages; more means that a flow sends faster than targets can work

/** Lets so many work at once; the others wait in line. */
class Turns {
  #most
  #working = 0
  /** @type {(() => void)[]} */
  #line = []

  /** @param {number} most */
  constructor (most) {
    this.#most = most
  }

  /**
   * @template T
   * @param {() => Promise<T>} act
   * @param {AbortSignal} signal
   * @returns {Promise<T>}
   */
  async take (act, signal) {
    if (this.#line.length >= MOST_WAITING) throw new Error(`${MOST_WAITING} messages are waiting already; this one was refused.`)
    if (this.#working >= this.#most) await this.#turn(signal)
    else this.#working++
    try {
      signal.throwIfAborted()
      return await act()
    } finally {
      const next = this.#line.shift()
      if (next) next()
      else this.#working--
    }
  }

  /** Whether whoever comes now has to wait. */
  get busy () {
    return this.#working >= this.#most && this.#line.length < MOST_WAITING
  }

  /** @param {AbortSignal} signal @returns {Promise<void>} */
  #turn (signal) {
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.#line.splice(this.#line.indexOf(mine), 1)
        reject(signal.reason)
      }
      const mine = () => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      signal.addEventListener('abort', leave, { once: true })
      this.#line.push(mine)
    })
  }
}

module.exports = { Turns }

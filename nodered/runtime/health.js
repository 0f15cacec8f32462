/** Tells whether this Node-RED works; open to everybody who reaches this port. */
'use strict'

class Health {
  #up = false
  #started = false

  /** @param {import('node:events').EventEmitter} events Node-RED's own */
  follow (events) {
    // Not `/flows/state`: that says "start" also while a missing node type keeps every flow from starting.
    events.on('flows:started', () => { this.#started = true })
    events.on('flows:stopping', () => { this.#started = false })
  }

  /** The runtime answers from now on. */
  up () {
    this.#up = true
  }

  get isUp () {
    return this.#up
  }

  get route () {
    return (/** @type {unknown} */ _req, /** @type {any} */ res) => {
      res.set('cache-control', 'no-store')
      if (!this.#up) return res.status(503).json({ status: 'starting' })
      res.json({ status: 'ok', flows: this.#started ? 'started' : 'waiting' })
    }
  }
}

module.exports = { Health }

/** Counts how often nodes say that they are done with a message, as Node-RED itself hears it. */
'use strict'

const { hooks } = require('@node-red/util')

/** @typedef {import('../nodes/lib/node-red').ReceiveEvent} ReceiveEvent */
/** @typedef {import('../nodes/lib/node-red').CompleteEvent} CompleteEvent */

class Done {
  /** What each message that a node was handed was said to be done with: an error, or nothing. @type {Map<any, unknown[]>} */
  #said = new Map()

  /** @param {string} type of the nodes to count for */
  constructor (type) {
    hooks.add('onReceive.count-done', (/** @type {ReceiveEvent} */ { msg, destination }) => { if (destination.node.type === type) this.#said.set(msg, []) })
    hooks.add('onComplete.count-done', (/** @type {CompleteEvent} */ { msg, error, node }) => { if (node.node.type === type) this.#said.get(msg)?.push(error) })
  }

  /** How often each message was said to be done with, in the order they came. */
  get times () {
    return [...this.#said.values()].map(said => said.length)
  }

  /** The sentences of errors that were said. */
  get errors () {
    return [...this.#said.values()].flat().filter(Boolean).map(error => error instanceof Error ? error.message : String(error))
  }

  end () {
    hooks.remove('*.count-done')
  }
}

module.exports = { Done }

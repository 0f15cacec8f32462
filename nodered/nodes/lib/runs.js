/**
 * Runs: what one starting message sets off, through all nodes and tabs.
 * A message carries only the id of its run; in which tab the run started is known in here, so that a flow can't claim
 * to have been started by another.
 */
'use strict'

const { randomUUID } = require('node:crypto')

const REMEMBERED = 100_000 // runs; some 10 MB

class Runs {
  /** @type {Map<string, string>} */
  #started = new Map()

  /**
   * Returns the run a message belongs to, or makes a new one that starts in this tab.
   * @param {any} msg
   * @param {string} flow id of the tab where the message is now
   * @returns {{id: string, flow: string}}
   */
  of (msg, flow) {
    const id = msg._opsc?.run
    const started = typeof id === 'string' ? this.#started.get(id) : undefined
    if (started !== undefined) return { id, flow: started }
    const run = { id: randomUUID(), flow }
    msg._opsc = { run: run.id }
    this.#remember(run)
    return run
  }

  /** @param {{id: string, flow: string}} run */
  #remember (run) {
    this.#started.set(run.id, run.flow)
    if (this.#started.size > REMEMBERED) this.#started.delete(this.#started.keys().next().value ?? '')
  }
}

/**
 * Returns the id of the tab a node is in, also from inside a subflow.
 * @param {{z?: string, id: string, _flow?: {path?: string}}} node
 */
function tabOf (node) {
  return node._flow?.path?.split('/')[0] || node.z || node.id
}

module.exports = { Runs, tabOf }

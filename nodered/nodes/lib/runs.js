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
  /** Runs by the ids of messages: a Function node that returns a new object keeps nothing else. @type {Map<string, string>} */
  #messages = new Map()

  /**
   * Returns the run a message belongs to, or makes a new one that starts in this tab.
   * @param {any} msg
   * @param {string} flow id of the tab where the message is now
   * @returns {{id: string, flow: string}}
   */
  of (msg, flow) {
    const run = this.#known(runIn(msg)) ?? this.#known(this.#messages.get(msg._msgid)) ?? { id: randomUUID(), flow }
    if (runIn(msg) !== run.id) msg._opsc = { run: run.id }
    remember(this.#started, run.id, run.flow)
    if (typeof msg._msgid === 'string') remember(this.#messages, msg._msgid, run.id)
    return run
  }

  /** Remembers a run that began before this process did. @param {{id: string, flow: string}} run */
  know ({ id, flow }) {
    remember(this.#started, id, flow)
  }

  /** @param {string | undefined} id */
  #known (id) {
    const flow = id === undefined ? undefined : this.#started.get(id)
    return id === undefined || flow === undefined ? undefined : { id, flow }
  }
}

/** @param {Map<string, string>} map @param {string} key @param {string} value */
function remember (map, key, value) {
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value ?? '')
}

/** Returns the id of the run that a message says it belongs to. @param {any} msg @returns {string | undefined} */
function runIn (msg) {
  const id = msg?._opsc?.run
  return typeof id === 'string' ? id : undefined
}

/**
 * Returns the id of the tab a node is in, also from inside a subflow.
 * @param {{z?: string, id: string, _flow?: {path?: string}}} node
 */
function tabOf (node) {
  return node._flow?.path?.split('/')[0] || node.z || node.id
}

module.exports = { Runs, runIn, tabOf }

/** One run of a flow: which nodes its messages are in, what each node did, and whether anything is left to do. */
'use strict'

const { tabOf } = require('./runs')

const MOST_STEPS = 200 // nodes of one run; the bridge takes no more
const LONGEST_TEXT = 255
const LONGEST_SENTENCE = 2_000

/** @typedef {import('./node-red').Node} Node */
/** @typedef {import('./cause').Cause} Cause */
/**
 * @typedef {object} Step
 * @property {Node} node
 * @property {number} messages
 * @property {number} errors
 * @property {string | null} error
 * @property {number} startedAt ms
 * @property {number | null} finishedAt ms, of the last message
 * @property {boolean} cancelled whether the end of its run ended what it did
 */

class Run {
  /** Raised at each change, so that a report knows whether it is still the newest. */
  version = 0
  /** @type {'running' | 'completed' | 'failed' | 'cancelled'} */
  status = 'running'
  /** @type {number | null} ms */
  finishedAt = null
  /** ms; when anything last happened in it */
  touchedAt
  /** ms since when no node has a message of it; null while one has. @type {number | null} */
  quietSince
  /** Why it can't come to its end by itself: a node was stopped with a message of it, or never said that it is done. @type {string | null} */
  cutOff = null
  /** How many messages each node has that it has not finished. @type {Map<Node, number>} */
  #open = new Map()
  /** How many messages nodes hold that were stopped, by their ids. @type {Map<string, number>} */
  #left = new Map()
  /** @type {Map<string, Step>} by node, in the order they were reached */
  #steps = new Map()
  /** Errors that no catch node took, by node. @type {Map<string, string[]>} */
  #uncaught = new Map()
  /** @type {string | null} */
  #reason = null

  /**
   * @param {string} id
   * @param {string} flow the tab it started in
   * @param {Node} node that sent its first message
   * @param {Cause} cause
   * @param {number} now
   */
  constructor (id, flow, node, cause, now) {
    this.id = id
    this.flow = flow
    this.node = node
    this.cause = cause
    this.startedAt = now
    this.quietSince = this.touchedAt = now
  }

  /** A message is on its way to a node. @param {Node} node */
  sent (node) {
    this.#open.set(node, (this.#open.get(node) ?? 0) + 1)
    this.quietSince = null
    if (this.status === 'cancelled') return
    this.status = 'running'
    this.finishedAt = null
  }

  /** A node begins with a message, or again with one. @param {Node} node @param {number} now @param {{again?: boolean}} [how] */
  begun (node, now, { again = false } = {}) {
    const step = this.#steps.get(node.id) ?? this.#newStep(node, now)
    if (!step) return
    step.node = node
    if (!again) step.messages++
    step.finishedAt = null
    this.version++
  }

  /** A node was stopped with a message that it holds. @param {Node} node @param {number} now */
  leave (node, now) {
    if (!this.#open.has(node)) return
    this.#left.set(node.id, (this.#left.get(node.id) ?? 0) + 1)
    this.#without(node, 1, now)
    this.version++
  }

  /** The node is there again and goes on with such a message; tells whether it is known. @param {Node} node */
  takeUp (node) {
    const count = this.#left.get(node.id) ?? 0
    if (count > 1) this.#left.set(node.id, count - 1)
    else this.#left.delete(node.id)
    return count > 0
  }

  /** Whether nodes hold messages that were stopped. */
  get isLeft () {
    return this.#left.size > 0
  }

  /** A node is done with a message. @param {Node} node @param {unknown} error @param {number} now */
  done (node, error, now) {
    const step = this.#steps.get(node.id)
    // A node tells what was cancelled under it as an error; that is what was wanted, and nobody's failure.
    if (error && this.status !== 'cancelled') this.#failed(node, sentence(error))
    else if (error && step) step.cancelled = true
    if (step) step.finishedAt = now
    this.#without(node, 1, now)
    this.version++
  }

  /** A catch node took an error of this node. @param {string} nodeId */
  caught (nodeId) {
    this.#uncaught.get(nodeId)?.pop()
    this.version++
  }

  /**
   * Gives up the messages of nodes that are gone; tells whether there were any.
   * @param {(node: Node) => boolean} isThere
   * @param {string} reason
   * @param {number} now
   * @param {(id: string) => boolean} [goesOn] whether a node goes on with what it held when it was stopped
   */
  giveUp (isThere, reason, now, goesOn = () => false) {
    const gone = [...this.#open].filter(([node]) => !isThere(node))
    const forgotten = [...this.#left.keys()].filter(id => !goesOn(id))
    for (const id of forgotten) this.#left.delete(id)
    if (!gone.length && !forgotten.length) return false
    for (const [node] of gone) this.#open.delete(node)
    this.#settle(now)
    this.cutOff = reason
    return true
  }

  /** @param {number} now */
  end (now) {
    const [nodeId] = this.#firstUncaught() ?? []
    this.status = nodeId ? 'failed' : 'completed'
    this.finishedAt = now
    this.version++
  }

  /** @param {string | null} reason @param {number} now */
  cancel (reason, now) {
    this.status = 'cancelled'
    this.#reason = reason
    this.finishedAt = now
    this.version++
  }

  /** Returns the run as the bridge takes it. */
  report () {
    const [errorNode, errors] = this.#firstUncaught() ?? [null, []]
    return {
      run_id: this.id,
      flow_id: text(this.flow),
      node_id: text(this.node._alias ?? this.node.id),
      node_name: text(this.node.name ?? ''),
      node_type: text(this.node.type),
      cause: this.cause.cause,
      cause_detail: text(this.cause.detail ?? ''),
      started_by: this.cause.by ? text(this.cause.by) : null,
      status: this.status,
      started_at: instant(this.startedAt),
      finished_at: instant(this.finishedAt),
      error_message: this.#reason ?? errors[0] ?? null,
      error_node_id: errorNode && text(errorNode),
      steps: [...this.#steps.values()].map(step => this.#stepReport(step))
    }
  }

  /** @param {Step} step */
  #stepReport (step) {
    const { node, messages, errors, error, startedAt, finishedAt } = step
    return {
      node_id: text(node.id),
      node_name: text(node.name ?? ''),
      node_type: text(node.type),
      flow_id: text(tabOf(node)),
      status: this.#statusOf(step),
      messages,
      errors,
      error_message: error,
      started_at: instant(startedAt),
      finished_at: instant(finishedAt)
    }
  }

  /** @param {Step} step */
  #statusOf ({ node, errors, cancelled }) {
    if (this.#open.has(node) || this.#left.has(node.id)) return this.status === 'running' ? 'running' : 'cancelled'
    if (errors) return 'failed'
    return cancelled ? 'cancelled' : 'completed'
  }

  /** @param {Node} node @param {number} now */
  #newStep (node, now) {
    if (this.#steps.size >= MOST_STEPS) return null
    const step = { node, messages: 0, errors: 0, error: null, startedAt: now, finishedAt: null, cancelled: false }
    this.#steps.set(node.id, step)
    return step
  }

  /** @param {Node} node @param {string} error */
  #failed (node, error) {
    const step = this.#steps.get(node.id)
    if (step) Object.assign(step, { errors: step.errors + 1, error })
    this.#uncaught.set(node.id, [...this.#uncaught.get(node.id) ?? [], error])
  }

  #firstUncaught () {
    return [...this.#uncaught].find(([, errors]) => errors.length)
  }

  /** @param {Node} node @param {number} count @param {number} now */
  #without (node, count, now) {
    const left = (this.#open.get(node) ?? 0) - count
    if (left > 0) this.#open.set(node, left)
    else this.#open.delete(node)
    this.#settle(now)
  }

  /** @param {number} now */
  #settle (now) {
    if (!this.#open.size && !this.#left.size) this.quietSince = now
  }
}

/** PostgreSQL takes neither NUL nor halves of characters. @param {string} said @param {number} [most] */
function text (said, most = LONGEST_TEXT) {
  return said.slice(0, most).toWellFormed().replaceAll('\0', '\uFFFD')
}

/** @param {unknown} error */
function sentence (error) {
  return text(error instanceof Error ? error.message || error.name : String(error), LONGEST_SENTENCE)
}

/** @param {number | null} at */
function instant (at) {
  return at === null ? null : new Date(at).toISOString()
}

module.exports = { Run }

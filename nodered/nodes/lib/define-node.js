/** Writes once what every node does: take messages in turn, show a status, report an error once, end on close. */
'use strict'

const { upToDate } = require('./config')
const { bridgeFor } = require('./instance')
const { tabOf } = require('./runs')
const { Wait, arrived, messageOf, sendOn } = require('./waits')

const MOST_WAITING = 1_000 // messages; more means that a flow sends faster than targets can work
const CLOSE_WITHIN = 2_000 // ms; every deploy waits for it
const STOPPED = 'The node was stopped.'

/** @typedef {import('./node-red').RED} RED */
/** @typedef {import('./node-red').Node} Node */
/** @typedef {import('./statuses').NodeStatus} NodeStatus */
/** @typedef {ReturnType<import('./bridge').Bridge['forMessage']>} MessageBridge */
/**
 * @template Settings
 * @typedef {object} Work
 * @property {any} msg the message, which a node may change
 * @property {Settings} settings
 * @property {MessageBridge} bridge
 * @property {AbortSignal} signal fires when the node is stopped
 * @property {string} key one for each message that came in, for requests that must not be done twice
 * @property {Wait} wait holds the message over a restart, where the node wants that
 * @property {(status: NodeStatus) => void} show
 * @property {Node} node
 * @property {RED} RED
 */
/**
 * @typedef {object} Outcome
 * @property {any[]} outputs a message or null for each output
 * @property {NodeStatus} status
 * @property {Error} [error] reported after the outputs were sent
 * @property {() => Promise<void>} [sent] done once they are
 */
/**
 * @template Settings
 * @typedef {object} Definition
 * @property {import('./config').Migration[]} migrations
 * @property {(config: import('./config').Config) => Settings} settings checks the configuration
 * @property {(work: Work<Settings>) => Promise<Outcome>} run
 * @property {(settings: Settings) => number} [maxInFlight]
 * @property {(settings: Settings) => boolean} [durable] whether the node goes on with messages it held before a restart
 */

/**
 * Registers a node type.
 * @template Settings
 * @param {RED} RED
 * @param {string} type
 * @param {Definition<Settings>} definition
 */
function defineNode (RED, type, definition) {
  /** @this {Node} @param {any} config */
  function OpsConductorNode (config) {
    RED.nodes.createNode(this, config)
    const access = () => bridgeFor(RED, config.server)
    const settings = checked(this, config, definition, access)
    const stop = new AbortController()
    const turns = new Turns(settings instanceof Error ? 1 : definition.maxInFlight?.(settings) ?? 1)

    const durable = !(settings instanceof Error) && Boolean(definition.durable?.(settings))
    /** New messages that came while it is asked for those of before: they may be in the answer, too. @type {Set<string> | null} */
    let came = durable ? new Set() : null
    if (durable) {
      RED.events.once('flows:started', async () => {
        await resume(this, access(), stop.signal, ({ id }) => !came?.has(id))
        came = null
      })
    }

    /** @param {any} msg @param {(outputs: any[]) => void} send @returns {Promise<Error | undefined>} what went wrong */
    const handle = async (msg, send) => {
      try {
        if (settings instanceof Error) throw settings
        const { key, facts, isNew } = arrived(msg)
        if (isNew) came?.add(key)
        const work = workOf(RED, this, { msg, key, facts, settings, bridge: access(), signal: stop.signal })
        const inLine = durable && !facts && turns.busy ? work.wait.keepInLine(msg) : null
        inLine?.catch(() => {}) // told when it is its turn
        const outcome = await turns.take(async () => {
          await inLine
          return definition.run(work)
        }, stop.signal)
        if (outcome.sent) sendOn(key, () => send(outcome.outputs))
        else send(outcome.outputs)
        await outcome.sent?.()
        show(this, stop.signal, outcome.status)
        return outcome.error
      } catch (error) {
        if (stop.signal.aborted) return // by a deploy: nobody is there any more to tell
        const sayable = error instanceof Error ? error : new Error(String(error))
        show(this, stop.signal, { fill: 'red', shape: 'ring', text: short(sayable.message) })
        return sayable
      }
    }
    // The one place that says "done": once for each message, however it ends.
    this.on('input', async (msg, send, done) => done(await handle(msg, send)))
    this.on('close', async (/** @type {boolean} */ removed, /** @type {() => void} */ done) => {
      stop.abort(new Error(STOPPED))
      if (durable && removed) await forget(this, access)
      await Promise.race([turns.idle(), new Promise(resolve => setTimeout(resolve, CLOSE_WITHIN).unref())])
      this.status({})
      done()
    })
  }
  RED.nodes.registerType(type, OpsConductorNode)
}

/**
 * @template Settings
 * @param {RED} RED
 * @param {Node} node
 * @param {{msg: any, key: string, facts: import('./waits').Facts | null, settings: Settings, bridge: import('./bridge').Bridge, signal: AbortSignal}} input
 * @returns {Work<Settings>}
 */
function workOf (RED, node, { msg, key, facts, settings, bridge, signal }) {
  const tell = (/** @type {NodeStatus} */ status) => show(node, signal, status)
  const waiting = (/** @type {import('./bridge').BridgeError} */ error) => {
    tell({ fill: 'yellow', shape: 'ring', text: error.status === 429 ? 'busy, waiting' : 'no answer, trying again' })
  }
  const flow = tabOf(node)
  const mine = bridge.forMessage({ msg, flow, signal, waiting })
  const place = { flow_id: flow, node_id: node.id, run_id: mine.run.id, run_flow_id: mine.run.flow }
  const wait = new Wait({ access: bridge.waits({ signal, waiting }), id: key, place, facts, signal })
  return { RED, node, msg, settings, key, wait, signal, bridge: mine, show: tell }
}

/**
 * Goes on with the messages that a node held before it was stopped.
 * @param {Node} node
 * @param {import('./bridge').Bridge} bridge
 * @param {AbortSignal} signal
 * @param {(kept: import('./waits').Kept) => boolean} isOfBefore
 */
async function resume (node, bridge, signal, isOfBefore) {
  if (!bridge.keepsMessages) return node.log('Messages that it holds are lost when this Node-RED stops.')
  try {
    const { waits } = await bridge.waits({ signal }).of(node.id)
    for (const kept of waits.filter(isOfBefore)) {
      bridge.knowRun({ id: kept.run_id, flow: kept.run_flow_id })
      node.receive(messageOf(kept))
    }
  } catch (error) {
    if (!signal.aborted) node.warn(`Messages that were held before can't be gone on with now: ${error instanceof Error ? error.message : error}`)
  }
}

/**
 * Forgets what a node held that was removed; what can't be forgotten now is never asked for again.
 * @param {Node} node
 * @param {() => import('./bridge').Bridge} access
 */
async function forget (node, access) {
  try {
    await access().waits({ signal: AbortSignal.timeout(CLOSE_WITHIN) }).forgetAll(node.id)
  } catch { /* nobody waits for it */ }
}

/**
 * Returns the checked settings, or what is wrong with them: a node that throws here would keep its whole flow from starting.
 * @template Settings
 * @param {Node} node
 * @param {any} config
 * @param {Definition<Settings>} definition
 * @param {() => unknown} access
 * @returns {Settings | Error}
 */
function checked (node, config, { migrations, settings }, access) {
  try {
    access()
    return settings(upToDate(config, migrations))
  } catch (error) {
    const sayable = error instanceof Error ? error : new Error(String(error))
    node.status({ fill: 'red', shape: 'ring', text: short(sayable.message) })
    return sayable
  }
}

/** @param {Node} node @param {AbortSignal} signal @param {NodeStatus} status */
function show (node, signal, status) {
  if (!signal.aborted) node.status(status)
}

/** @param {string} text */
function short (text) {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

/** Lets so many work at once; the others wait in line. */
class Turns {
  #most
  #working = 0
  /** @type {(() => void)[]} */
  #line = []
  /** @type {Set<Promise<unknown>>} */
  #open = new Set()

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
      const acting = act()
      this.#open.add(acting)
      return await acting.finally(() => this.#open.delete(acting))
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

  idle () {
    return Promise.allSettled(this.#open)
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

module.exports = { defineNode }

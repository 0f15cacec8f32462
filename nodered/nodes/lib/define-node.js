/** Writes once what every node does: take messages in turn, show a status, report an error once, end on close. */
'use strict'

const { upToDate } = require('./config')
const { bridgeFor } = require('./instance')
const { CLOSE_WITHIN, Life } = require('./life')
const { tabOf } = require('./runs')
const { Turns } = require('./turns')
const { Wait, arrived, conclude, durable, messageOf, sendOn, untilTold } = require('./waits')

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
    const life = new Life()
    const turns = new Turns(settings instanceof Error ? 1 : definition.maxInFlight?.(settings) ?? 1)

    const holds = !(settings instanceof Error) && Boolean(definition.durable?.(settings))
    if (holds) {
      durable.add(this.id)
      life.came = new Set()
      RED.events.once('flows:started', () => resume(this, access(), life))
    }

    const place = { RED, node: this, definition, settings, access, life, turns, holds }
    this.on('input', (msg, send, done) => life.busyWith((async () => {
      const { how, error, lastly } = await take(place, msg, send)
      conclude(how, () => done(error))
      await lastly?.()
    })()))
    this.on('close', async (/** @type {boolean} */ removed, /** @type {() => void} */ done) => {
      durable.delete(this.id)
      await life.end(Boolean(removed))
      if (holds && removed) await forget(this, access)
      this.status({})
      done()
    })
  }
  RED.nodes.registerType(type, OpsConductorNode)
}

/**
 * @template Settings
 * @typedef {object} Place where messages are taken
 * @property {RED} RED
 * @property {Node} node
 * @property {Definition<Settings>} definition
 * @property {Settings | Error} settings
 * @property {() => import('./bridge').Bridge} access
 * @property {Life} life
 * @property {Turns} turns
 * @property {boolean} holds whether messages are held over a stop of the node
 */
/**
 * Takes a message, and sends on what comes of it; returns what became of it.
 * @template Settings
 * @param {Place<Settings>} place
 * @param {any} msg
 * @param {import('./node-red').Send} send
 * @returns {Promise<{how: import('./waits').Conclusion, error?: Error, lastly?: () => Promise<void>}>} `lastly` is to be done after that was said
 */
async function take ({ RED, node, definition, settings, access, life, turns, holds }, msg, send) {
  const arrival = arrived(msg)
  life.came?.add(arrival.key)
  /** @type {Wait | undefined} */
  let wait
  /** @type {Promise<void> | undefined} */
  let inLine
  try {
    if (settings instanceof Error) throw settings
    const work = workOf(RED, node, { msg, arrival, settings, bridge: access(), life })
    wait = work.wait
    if (holds && !wait.kept && !life.removed && (turns.busy || life.stopped.aborted)) inLine = wait.keepInLine(msg)
    inLine?.catch(() => {}) // told when it is its turn
    const outcome = await turns.take(async () => {
      await inLine
      return definition.run(work)
    }, life.stopped)
    const lastly = await passOn(work, outcome, send)
    show(node, life.stopped, outcome.status)
    return { how: 'went on', error: outcome.error, lastly }
  } catch (error) {
    if (!life.stopped.aborted) return { how: 'went on', error: told(node, error) }
    // Stopped by a deploy: nobody is there any more to tell, but whoever comes after it goes on with what it held.
    await inLine?.catch(() => {})
    return { how: life.removed ? null : wait?.kept ? 'left' : holds && arrival.handover ? 'handed back' : null }
  } finally {
    arrival.handover?.taken(life.stopped.aborted && !life.removed ? 'not taken' : 'dealt with')
  }
}

/**
 * Sends on what came of a message. What was held is forgotten then; if nobody was there, once the end of its run was told.
 * @param {Work<any>} work
 * @param {Outcome} outcome
 * @param {import('./node-red').Send} send
 */
async function passOn ({ bridge, node, signal, wait }, { outputs, sent }, send) {
  if (!sent) return void send(outputs)
  const how = await sendOn(wait, () => send(outputs), signal)
  if (how === 'taken over') return undefined
  if (how === 'sent') return void await sent()
  return async () => {
    await untilTold(bridge.run.id, signal)
    await sent().catch(error => node.warn(`A message that went on is still held: ${error.message}`))
  }
}

/**
 * @template Settings
 * @param {RED} RED
 * @param {Node} node
 * @param {{msg: any, arrival: import('./waits').Arrival, settings: Settings, bridge: import('./bridge').Bridge, life: Life}} input
 * @returns {Work<Settings>}
 */
function workOf (RED, node, { msg, arrival, settings, bridge, life }) {
  const { stopped: signal } = life
  const tell = (/** @type {NodeStatus} */ status) => show(node, signal, status)
  const waiting = (/** @type {import('./bridge').BridgeError} */ error) => {
    tell({ fill: 'yellow', shape: 'ring', text: error.status === 429 ? 'busy, waiting' : 'no answer, trying again' })
  }
  const flow = tabOf(node)
  const mine = bridge.forMessage({ msg, flow, signal, waiting })
  const place = { flow_id: flow, node_id: node.id, run_id: mine.run.id, run_flow_id: mine.run.flow }
  const wait = new Wait({ access: bridge.waits({ signal: life.over, waiting }), place, arrival, signal })
  return { RED, node, msg, settings, key: arrival.key, wait, signal, bridge: mine, show: tell }
}

/**
 * Goes on with the messages that a node held before it was stopped.
 * @param {Node} node
 * @param {import('./bridge').Bridge} bridge
 * @param {Life} life
 */
async function resume (node, bridge, life) {
  const { stopped: signal } = life
  if (!bridge.keepsMessages) return node.log('Messages that it holds are lost when this Node-RED stops.')
  try {
    for await (const kept of bridge.waits({ signal }).of(node.id)) {
      if (life.came?.has(kept.id)) continue
      bridge.knowRun({ id: kept.run_id, flow: kept.run_flow_id })
      node.receive(messageOf(kept))
    }
  } catch (error) {
    if (!signal.aborted) node.warn(`Messages that were held before can't be gone on with now: ${error instanceof Error ? error.message : error}`)
  } finally {
    life.came = null
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
    return told(node, error)
  }
}

/** Shows what went wrong, and returns it as Node-RED takes it. @param {Node} node @param {unknown} error */
function told (node, error) {
  const sayable = error instanceof Error ? error : new Error(String(error))
  node.status({ fill: 'red', shape: 'ring', text: short(sayable.message) })
  return sayable
}

/** @param {Node} node @param {AbortSignal} signal @param {NodeStatus} status */
function show (node, signal, status) {
  if (!signal.aborted) node.status(status)
}

/** @param {string} text */
function short (text) {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text
}

module.exports = { defineNode }

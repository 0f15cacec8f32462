/**
 * What a node that is stopped does about the execution it has just asked for, or waits for, within the 2 s that it has. A
 * durable node never comes here: it finds its execution again.
 */
'use strict'

const { setTimeout: sleep } = require('node:timers/promises')
const { BridgeError } = require('./http')

const WITHIN = 1_500 // ms; a stopping node gets no more than 2 s
const ASK_AGAIN = 200 // ms; a request that was cut off may still be on its way
const NOTHING_ACCEPTED = 'nothing_accepted'

/** @typedef {import('./define-node').Work<any>} Work */

/** The node was stopped. */
class Stopped extends Error {
  /** @param {boolean} begun whether something was begun on the targets, or may have been */
  constructor (begun) {
    super('The node was stopped.')
    this.begun = begun
  }
}

/** Stops waiting for an execution; cancels it where the node is set so. @param {Work} work @param {string} id */
async function leave ({ bridge, node, settings }, id) {
  if (settings.cancelOnStop) {
    await bridge.cancel(id, AbortSignal.timeout(WITHIN))
      .catch(error => node.warn(`Stopped, but execution ${id} could not be cancelled: ${error.message}`))
  }
  return new Stopped(true)
}

/**
 * Finds out whether what was asked for was accepted, as nobody heard the answer, and cancels it where the node is set so.
 * @param {Work} work
 * @param {object} wanted what was asked for
 * @param {boolean} mustKnow also where nothing is to be cancelled
 */
async function leaveUnanswered (work, wanted, mustKnow) {
  const { bridge, node, settings } = work
  if (!settings.cancelOnStop && !mustKnow) return new Stopped(true)
  const limit = AbortSignal.timeout(WITHIN)
  try {
    const id = await acceptedId(work, wanted, limit)
    if (id && settings.cancelOnStop) await bridge.cancel(id, limit)
    return new Stopped(id !== null)
  } catch (error) {
    const reason = error instanceof Error ? error.message : error
    node.warn(`Stopped while it asked for an execution, and it is not known whether that was begun and goes on; look under Executions: ${reason}`)
    return new Stopped(true)
  }
}

/**
 * Returns the id of the execution, null where there is none. What the core does not know yet it may be about to accept: it is
 * asked until there is no more time.
 * @param {Work} work
 * @param {object} wanted
 * @param {AbortSignal} limit
 * @returns {Promise<string | null>}
 */
async function acceptedId ({ bridge, key }, wanted, limit) {
  for (let answered = false; ;) {
    try {
      return (await bridge.accepted(wanted, key, limit)).execution_id
    } catch (error) {
      if (limit.aborted && answered) return null
      if (!(error instanceof BridgeError) || !(error.retry || error.code === NOTHING_ACCEPTED)) throw error
      answered = error.code === NOTHING_ACCEPTED
    }
    await sleep(ASK_AGAIN)
  }
}

module.exports = { Stopped, leave, leaveUnanswered }

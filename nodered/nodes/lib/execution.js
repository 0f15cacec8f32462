/** Runs an action on targets, waits for its end, and sends the targets on: the one way of all nodes that run something. */
'use strict'

const { contextOf } = require('./context')
const { formatted, handleOf, succeeded, summaryOf, told } = require('./results')
const { bringsOutputs } = require('./run-settings')
const { ended, look } = require('./statuses')
const { leave, leaveUnanswered } = require('./stopping')
const { withTargets } = require('./targets')

const KEY_REMEMBERED = 23 * 3_600_000 // ms; the core remembers keys for 24 h
const FEW = 5 // targets whose results are asked for at each news of them; of more, once they have ended

/** @typedef {import('./bridge').Result} Result */
/** @typedef {import('./bridge').Results} Results */
/** @typedef {import('./run-settings').RunSettings} RunSettings */
/** @typedef {import('./targets').Target} Target */
/** @typedef {import('./define-node').Outcome} Outcome */
/**
 * @template {import('./run-settings').WorkSettings} [Settings=RunSettings]
 * @typedef {import('./define-node').Work<Settings>} Work
 */
/**
 * @typedef {object} Order what is to be done
 * @property {string} title of the execution, where the node has no name
 * @property {string} description
 * @property {string} type of the action
 * @property {object} parameters of the action
 * @property {object} [more] the rest of the request: values, strategy, mode
 * @property {boolean} [ownFile] whether it sends a file that is to be removed where it was not begun
 */

/**
 * Has an order done on targets and returns their results, with or without what was written there.
 * @param {Work<any>} work
 * @param {Target[]} targets
 * @param {Order} order
 * @param {{outputs: boolean}} options
 * @returns {Promise<Results>}
 */
async function executed (work, targets, order, { outputs }) {
  const { bridge, show } = work
  show(look('running', `running 0/${targets.length}`))
  const known = work.wait.facts?.executionId
  const { id, goingOnSince } = known ? { id: known, goingOnSince: null } : await begun(work, targets, order)
  const asked = targets.length > FEW ? null : { outputs }
  const state = await endOf(work, id, targets.length, { results: asked, goingOnSince })
  const found = asked && state.results ? /** @type {Results} */ (state) : await bridge.results(id, { outputs })
  if (found.results.length !== targets.length) {
    throw new Error(`Execution ${id} has ${found.results.length} results for ${targets.length} targets.`)
  }
  return found
}

/**
 * Has an order accepted, once: where a message is held, the same key is used after a restart, and then the execution is known.
 * @param {Work<any>} work
 * @param {Target[]} targets
 * @param {Order} order
 * @returns {Promise<{id: string, goingOnSince: import('./events').Moment | null}>} id of the execution, and when it was known to go on
 */
async function begun (work, targets, order) {
  const { bridge, key, msg, signal, wait } = work
  if (Date.now() - (wait.facts?.since ?? Date.now()) > KEY_REMEMBERED) {
    throw new Error('Node-RED was away for too long to know whether this was begun; look under Executions, and start it again if need be.')
  }
  const wanted = requestOf(work, targets, order)
  const { execution_id: id, goingOnSince } = await bridge.execute(wanted, key).catch(async error => {
    throw signal.aborted && !wait.facts ? await leaveUnanswered(work, wanted, Boolean(order.ownFile)) : error
  })
  if (wait.facts) await wait.keep(msg, { ...wait.facts, executionId: id })
  return { id, goingOnSince }
}

/** @param {Work<any>} work @param {Target[]} targets @param {Order} order */
function requestOf (work, targets, { title, description, type, parameters, more }) {
  const { name } = work.settings
  return {
    name: `Node-RED: ${name || title}`.slice(0, 300),
    description,
    actions: [{ action_type: type, action_name: title, action_parameters: parameters }],
    target_ids: targets.map(target => target.id),
    execute_immediately: true,
    ...more,
    workflow_context: contextOf(work, name)
  }
}

/**
 * Waits for the end of the whole execution, not of its first results.
 * @param {Work<any>} work
 * @param {string} id
 * @param {number} count
 * @param {{results: {outputs: boolean} | null, goingOnSince: import('./events').Moment | null}} options whether to ask for results while
 *   waiting, and how
 */
async function endOf (work, id, count, options) {
  const { bridge, signal, show, wait } = work
  try {
    return await bridge.ended(id, state => show(look('running', `running ${ended(state.counts)}/${count}`)), options)
  } catch (error) {
    throw signal.aborted && !wait.facts ? await leave(work, id) : error
  }
}

/**
 * Has an order done with the settings that all these nodes share, and sends each target out of the output it belongs to.
 * @param {Work} work
 * @param {Target[]} targets
 * @param {Order} order
 * @param {{about: Record<string, unknown>, noun: string, detail?: (result: Result) => object}} words `about` heads the payload;
 *   `detail` is what a result tells beside the usual
 * @returns {Promise<Outcome & {ended: Results}>}
 */
async function runOnTargets (work, targets, order, { about, noun, detail = () => ({}) }) {
  const { msg, settings } = work
  const { strategy } = settings
  const outputs = bringsOutputs(settings, targets.length)
  const found = await executed(work, targets, { ...order, more: { strategy, ...order.more } }, { outputs })
  const results = found.results.map(result => ({
    ...(outputs ? { ...result, execution_id: found.execution_id } : handleOf(found.execution_id, result)), ...detail(result)
  }))
  const ended = { ...found, results }
  Object.assign(msg, {
    payload: formatted(settings.format, about, ended),
    executionId: found.execution_id,
    results,
    successfulTargets: results.filter(succeeded),
    failedTargets: results.filter(result => !succeeded(result))
  })
  return { ...outcomeOf(work, targets, results, noun), ended }
}

/**
 * The first output goes on with the targets that succeeded, the second with the others, each where there are any.
 * "Continue on failure" means that the first one always goes on and nothing is an error.
 * @param {Work} work
 * @param {Target[]} targets
 * @param {Result[]} results
 * @param {string} noun what failed, in the error
 * @returns {Outcome}
 */
function outcomeOf ({ RED, msg, settings }, targets, results, noun) {
  const { successful, failed, counts } = summaryOf(results)
  const [good, bad] = parted(targets, results, result => succeeded(result) ? 0 : 1, 2)
  const second = failed ? withTargets(RED.util.cloneMessage(msg), bad) : null
  const first = successful || settings.continueOnFailure ? withTargets(msg, good) : null
  const text = failed ? `${failed} of ${targets.length} failed` : `ok ${successful}/${targets.length}`
  return {
    outputs: [first, second],
    status: look(failed ? 'failed' : 'completed', text),
    error: failed && !settings.continueOnFailure ? new Error(`${noun} failed on ${failed} of ${targets.length} targets (${told(counts)}).`) : undefined
  }
}

/**
 * Sorts targets by what came of them.
 * @template {{target_id: string}} T
 * @param {Target[]} targets
 * @param {T[]} results
 * @param {(result: T) => number} outputOf
 * @param {number} outputs how many there are
 * @returns {Target[][]}
 */
function parted (targets, results, outputOf, outputs) {
  const place = new Map(results.map(result => [result.target_id, outputOf(result)]))
  return Array.from({ length: outputs }, (_, number) => targets.filter(target => place.get(target.id) === number))
}

module.exports = { executed, parted, runOnTargets }

/** Tells results apart: by rules, one by one, or by what was written. */
'use strict'

const { oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { isHandle } = require('../lib/results')
const { look } = require('../lib/statuses')
const { withTargets } = require('../lib/targets')
const { withOutputs } = require('./fetching')
const migrations = require('./migrations')
const { rulesOf } = require('./rules')

const MODES = /** @type {const} */ (['rules', 'split', 'groups'])
const FETCH = /** @type {const} */ (['never', 'decide', 'keep'])
const MOST_KEPT = 1_000 // results; 64 KiB each come to 128 MB with both streams
const PER_TARGET = ['payload', 'results', 'successfulTargets', 'failedTargets', 'targets', 'targetIds', 'targetCount']

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {import('../lib/define-node').Work<Settings>} Work */
/** @typedef {import('../lib/targets').Target} Target */
/** @typedef {Work & {known: Map<string, Target>}} Known with the targets of the message by id, whose facts go on */
/** @typedef {{result: Result, output: number}} Decided */
/**
 * @typedef {object} Settings
 * @property {typeof MODES[number]} mode
 * @property {typeof FETCH[number]} fetch
 * @property {import('./rules').Rule[]} rules
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  const mode = oneOf(config.mode, MODES, 'What to do')
  return { mode, fetch: oneOf(config.fetch, FETCH, 'The setting for outputs'), rules: mode === 'rules' ? rulesOf(config.rules) : [] }
}

/** @param {Work} work */
async function run (work) {
  const results = await resultsOf(work)
  if (work.settings.fetch === 'keep' && work.settings.mode !== 'groups' && results.length > MOST_KEPT) {
    throw new Error(`The outputs of ${results.length} results are too much for one message; fetch them only to decide, or group them.`)
  }
  return MODE[work.settings.mode]({ ...work, known: knownTargets(work.msg) }, results)
}

/** @param {Work} work @returns {Promise<Result[]>} */
async function resultsOf ({ bridge, msg, show }) {
  if (Array.isArray(msg.results)) return msg.results.map((/** @type {Result} */ result) => ({ execution_id: msg.executionId, ...result }))
  if (typeof msg.executionId !== 'string') throw new Error('The message has neither results nor an executionId.')
  show(look('running', 'fetching'))
  const { results } = await bridge.results(msg.executionId, { outputs: false })
  return results.map(({ output_text: _out, error_text: _err, ...facts }) => ({ execution_id: msg.executionId, ...facts }))
}

/** @param {any} msg @returns {Map<string, Target>} */
function knownTargets ({ targets }) {
  return new Map(Array.isArray(targets) ? targets.map(target => [target.id, target]) : [])
}

/** @type {Record<Settings['mode'], (work: Known, results: Result[]) => Promise<import('../lib/define-node').Outcome>>} */
const MODE = {
  async rules (work, results) {
    const { rules } = work.settings
    const decided = await decide(work, results)
    const outputs = Array.from({ length: rules.length + 1 }, (_, number) => {
      const mine = decided.filter(one => one.output === number).map(one => one.result)
      return mine.length ? messageOf(work, mine, mine) : null
    })
    return { outputs, status: look('completed', outputs.map(one => one?.targetCount ?? 0).join(' · ')) }
  },
  async split (work, results) {
    const kept = (await decide(work, results)).map(one => one.result)
    return { outputs: [inParts(work, kept.map(result => messageOf(work, [result], result)))], status: look('completed', `${kept.length} results`) }
  },
  async groups (work, results) {
    const groups = [...Map.groupBy(results, sameness).values()].sort((one, other) => other.length - one.length)
    const shown = await samples(work, groups.map(group => group[0]))
    const messages = groups.map((group, number) => messageOf(work, group, groupOf(group, shown[number], results.length)))
    return { outputs: [inParts(work, messages)], status: look('completed', `${groups.length} groups`) }
  }
}

/** Finds the output of each result: that of the first rule that fits, or the last one. @param {Work} work @param {Result[]} results */
async function decide ({ bridge, settings: { fetch, rules } }, results) {
  const needed = fetch === 'keep' || (fetch === 'decide' && rules.some(rule => rule.text))
  /** @type {Decided[]} */
  const decided = []
  for await (const batch of needed ? withOutputs(bridge, results) : [results]) {
    for (const whole of batch) {
      const found = rules.findIndex(rule => rule.fits(whole))
      const result = fetch === 'keep' ? whole : results[decided.length]
      decided.push({ result, output: found === -1 ? rules.length : found })
    }
  }
  return decided
}

/** Returns what two results have to have alike to be in one group. @param {Result} result */
function sameness ({ status, exit_code, output_sha256, error_sha256, output_text, error_text }) {
  return JSON.stringify([status, exit_code, output_sha256 ?? output_text, error_sha256 ?? error_text])
}

/** @param {Work} work @param {Result[]} firsts one of each group */
async function samples ({ bridge, settings }, firsts) {
  if (settings.fetch === 'never') return firsts
  const found = []
  for await (const batch of withOutputs(bridge, firsts)) found.push(...batch)
  return found
}

/** @param {Result[]} group @param {Result} sample @param {number} total */
function groupOf (group, sample, total) {
  return {
    count: group.length,
    total_targets: total,
    target_names: group.map(result => result.target_name),
    status: sample.status,
    exit_code: sample.exit_code,
    ...(!isHandle(sample) && { output: sample.output_text, error: sample.error_text })
  }
}

/** Makes a message about some of the results. @param {Known} work @param {Result[]} results @param {unknown} payload */
function messageOf ({ RED, msg, known }, results, payload) {
  // What belongs to all targets is left out before the message is cloned: 10,000 copies of 10,000 results are too many.
  const rest = Object.fromEntries(Object.entries(msg).filter(([key]) => !PER_TARGET.includes(key)))
  const targets = results.map(({ target_id, target_name }) => known.get(target_id) ?? { id: target_id, name: target_name })
  return withTargets(Object.assign(RED.util.cloneMessage(rest), { payload, results }), targets)
}

/** Numbers messages so that a join node can put them together again. @param {Work} work @param {any[]} messages */
function inParts ({ key }, messages) {
  return messages.map((message, index) => Object.assign(message, { parts: { id: key, index, count: messages.length } }))
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-results', { migrations, settings, run, maxInFlight: () => 5 })
}

/** Selects targets by filter and by hand. */
'use strict'

const { ConfigError, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { offer } = require('../lib/dialogs')
const { look } = require('../lib/statuses')
const { withTargets } = require('../lib/targets')
const { combined, normalised } = require('./filter')
const migrations = require('./migrations')

const FORMATS = /** @type {const} */ (['array', 'ids', 'names', 'detailed'])

/** @typedef {import('../lib/bridge').Target} Target */
/** @typedef {import('../lib/define-node').MessageBridge} MessageBridge */
/**
 * @typedef {object} Settings
 * @property {Record<string, string>} filter
 * @property {string[]} selected
 * @property {'error' | 'report'} missing what to do when one of the selected is gone
 * @property {'error' | 'second' | 'empty'} nothing what to do when no target is left
 * @property {typeof FORMATS[number]} format
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  if (!Array.isArray(config.selectedTargets)) throw new ConfigError('The selected targets must be a list.')
  return {
    filter: normalised(config.targetFilter, 'The filter'),
    selected: [...new Set(config.selectedTargets.map(String))],
    missing: oneOf(config.missingTargets, ['error', 'report'], 'What to do about missing targets'),
    nothing: oneOf(config.nothingMatched, ['error', 'second', 'empty'], 'What to do when nothing matches'),
    format: oneOf(config.outputFormat, FORMATS, 'The output format')
  }
}

/** @param {import('../lib/define-node').Work<Settings>} work */
async function run ({ bridge, msg, settings, show }) {
  show(look('running', 'selecting'))
  const filter = combined(settings.filter, msg.targetFilter)
  const { targets: matching } = await bridge.targets(filter)
  const targets = settings.selected.length ? matching.filter(target => settings.selected.includes(target.id)) : matching
  const missing = await missingOf(bridge, settings.selected, matching)
  if (missing.length && settings.missing === 'error') {
    throw new Error(`${missing.length} selected targets do not exist any more: ${missing.slice(0, 5).join(', ')}.`)
  }
  if (!targets.length && settings.nothing === 'error') throw new Error(`No target matches ${toldFilter(filter)}.`)
  Object.assign(withTargets(msg, targets), {
    payload: formatted(settings.format, targets, filter),
    ...(missing.length && { missingTargets: missing })
  })
  const text = `${targets.length} ${targets.length === 1 ? 'target' : 'targets'}${missing.length ? `, ${missing.length} missing` : ''}`
  const outputs = targets.length || settings.nothing === 'empty' ? [msg, null] : [null, msg]
  return { outputs, status: look(targets.length && !missing.length ? 'completed' : 'skipped', text) }
}

/**
 * Returns the selected targets that are gone; one that only does not match the filter is not.
 * @param {MessageBridge} bridge
 * @param {string[]} selected
 * @param {Target[]} matching
 */
async function missingOf (bridge, selected, matching) {
  const absent = selected.filter(id => !matching.some(target => target.id === id))
  if (!absent.length) return []
  const { targets: all } = await bridge.targets({})
  return absent.filter(id => !all.some(target => target.id === id))
}

/** @param {Settings['format']} format @param {Target[]} targets @param {Record<string, string>} filter */
function formatted (format, targets, filter) {
  switch (format) {
    case 'ids': return targets.map(target => target.id)
    case 'names': return targets.map(target => target.name)
    case 'detailed': return { targets, count: targets.length, filters_applied: filter, timestamp: new Date().toISOString() }
    default: return targets
  }
}

/** @param {Record<string, string>} filter */
function toldFilter (filter) {
  const words = Object.entries(filter).map(([key, value]) => `${key} ${value}`)
  return words.length ? words.join(', ') : 'what is selected'
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-target-selector', { migrations, settings, run, maxInFlight: () => 10 })
  offer(RED, 'targets', (ask, query) => ask('targets', combined({}, query)))
}

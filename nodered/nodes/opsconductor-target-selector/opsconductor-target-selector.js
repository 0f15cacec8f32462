/** Selects targets by filter and by hand. */
'use strict'

const { ConfigError, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { bridge } = require('../lib/instance')
const { BridgeError } = require('../lib/http')
const { look } = require('../lib/statuses')
const { combined, normalised } = require('./filter')
const migrations = require('./migrations')

const FORMATS = /** @type {const} */ (['array', 'ids', 'names', 'detailed'])

/** @typedef {import('../lib/bridge').Target} Target */
/** @typedef {import('../lib/define-node').MessageBridge} MessageBridge */
/** @typedef {{filter: Record<string, string>, selected: string[], missing: 'error' | 'report', format: typeof FORMATS[number]}} Settings */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  if (!Array.isArray(config.selectedTargets)) throw new ConfigError('The selected targets must be a list.')
  return {
    filter: normalised(config.targetFilter, 'The filter'),
    selected: [...new Set(config.selectedTargets.map(String))],
    missing: oneOf(config.missingTargets, ['error', 'report'], 'What to do about missing targets'),
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
  Object.assign(msg, {
    payload: formatted(settings.format, targets, filter),
    targets,
    targetCount: targets.length,
    targetIds: targets.map(target => target.id),
    ...(missing.length && { missingTargets: missing })
  })
  const text = `${targets.length} ${targets.length === 1 ? 'target' : 'targets'}${missing.length ? `, ${missing.length} missing` : ''}`
  return { outputs: [msg], status: look(targets.length && !missing.length ? 'completed' : 'skipped', text) }
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

/** Lists targets for the dialog, as the person who edits may see them. @param {import('../lib/node-red').RED} RED */
function offerTargets (RED) {
  RED.httpAdmin.get('/opsconductor/targets', RED.auth.needsPermission('opsconductor.read'), async (req, res) => {
    try {
      const ticket = req.headers['x-opsc-session']
      const filter = combined({}, req.query)
      res.json(await bridge().targetsFor(typeof ticket === 'string' ? ticket : '', filter))
    } catch (error) {
      const status = error instanceof BridgeError ? error.status || 503 : 400
      res.status(status).json({ message: error instanceof Error ? error.message : String(error) })
    }
  })
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-target-selector', { migrations, settings, run, maxInFlight: () => 10 })
  offerTargets(RED)
}

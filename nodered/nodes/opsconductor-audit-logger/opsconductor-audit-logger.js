/** Writes an entry of the audit log. */
'use strict'

const { ConfigError, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { contextOf } = require('../lib/context')
const { FROM_MESSAGE, SEVERITIES, saidIn, severityOf, textIn, writtenOf } = require('../lib/reporting')
const { TEXT_TYPES, VALUE_TYPES, valueOf } = require('../lib/values')
const { look } = require('../lib/statuses')
const migrations = require('./migrations')

const NO_DATA = 'none'
const DATA_TYPES = /** @type {const} */ ([NO_DATA, ...VALUE_TYPES])
const SAID = ['eventType', 'message', 'severity', 'data']
const CUSTOM = /^custom\.[a-z0-9_]+(\.[a-z0-9_]+)*$/
/** As in the core's contract. */
const EVENT_TYPES = [
  'workflow.started', 'workflow.completed', 'workflow.failed', 'change.planned', 'change.applied', 'change.reverted', 'approval.requested',
  'approval.granted', 'approval.denied', 'access.granted', 'access.revoked', 'compliance.passed', 'compliance.violated', 'security.alert',
  'data.exported', 'note'
]

/** @typedef {import('../lib/define-node').Work<Settings>} Work */
/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {string} eventType
 * @property {string} message
 * @property {typeof TEXT_TYPES[number]} messageType
 * @property {string} severity
 * @property {string} data
 * @property {typeof DATA_TYPES[number]} dataType
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  if (!isEventType(config.eventType)) throw new ConfigError(`The event type "${config.eventType}" is not known; your own begin with "custom.".`)
  return {
    name: config.name || '',
    eventType: config.eventType,
    message: textIn(config.message, 'The message'),
    messageType: oneOf(config.messageType, TEXT_TYPES, 'The kind of message'),
    severity: oneOf(config.severity, [...SEVERITIES, FROM_MESSAGE], 'The severity'),
    data: String(config.data),
    dataType: oneOf(config.dataType, DATA_TYPES, 'The kind of data')
  }
}

/** @param {unknown} value */
function isEventType (value) {
  return typeof value === 'string' && (EVENT_TYPES.includes(value) || CUSTOM.test(value))
}

/** @param {Work} work */
async function run (work) {
  const { bridge, key, msg, settings, show } = work
  show(look('running', 'writing'))
  const said = saidIn(msg.audit, 'msg.audit', SAID)
  const { audit_id: id } = await bridge.audit({
    event_type: said.eventType ?? settings.eventType,
    message: said.message ?? await writtenOf(work, settings.message, settings.messageType, 'message'),
    severity: severityOf(settings.severity, said.severity, msg),
    data: asObject(said.data ?? await dataOf(work)),
    workflow_context: contextOf(work, settings.name)
  }, key)
  msg.auditId = id
  return { outputs: [msg], status: look('completed', said.eventType ?? settings.eventType) }
}

/** @param {Work} work */
async function dataOf (work) {
  const { data, dataType } = work.settings
  return dataType === NO_DATA ? {} : valueOf(work, data, dataType)
}

/** @param {any} value */
function asObject (value) {
  const object = value !== null && typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value) ? value : { value }
  try {
    return JSON.parse(JSON.stringify(object))
  } catch (error) {
    throw new Error('The data can\'t be written as JSON: choose a part of the message without "req", "res" or loops.', { cause: error })
  }
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-audit-logger', { migrations, settings, run, maxInFlight: () => 10 })
}
module.exports.EVENT_TYPES = EVENT_TYPES

/** Tells people something, by channels that are kept in OpsConductor. */
'use strict'

const { ConfigError, numberOf, oneOf } = require('../lib/config')
const { defineNode } = require('../lib/define-node')
const { contextOf } = require('../lib/context')
const { offer, offerFor } = require('../lib/dialogs')
const { FROM_MESSAGE, SEVERITIES, saidIn, severityOf, textIn, writtenOf } = require('../lib/reporting')
const { TEXT_TYPES } = require('../lib/values')
const { look } = require('../lib/statuses')
const migrations = require('./migrations')
const { dataFor } = require('./placeholders')

const LONGEST_WAIT = 3_600 // s
const ONE_WAIT = 25 // s of one request
const SAID = ['title', 'body', 'severity', 'channels']
const WANTED_SO = ['channel_off', 'below_severity'] // somebody chose that: no error

/** @typedef {import('../lib/bridge').Delivery} Delivery */
/** @typedef {import('../lib/bridge').Notified} Notified */
/** @typedef {import('../lib/define-node').Work<Settings>} Work */
/**
 * @typedef {object} Settings
 * @property {string} name
 * @property {string[]} channels
 * @property {string} title
 * @property {typeof TEXT_TYPES[number]} titleType
 * @property {string} body
 * @property {typeof TEXT_TYPES[number]} bodyType
 * @property {string} severity
 * @property {number} wait s
 * @property {boolean} continueOnFailure
 */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  if (!Array.isArray(config.channels)) throw new ConfigError('The channels must be a list.')
  return {
    name: config.name || '',
    channels: [...new Set(config.channels.map(String))],
    title: textIn(config.title, 'The title'),
    titleType: oneOf(config.titleType, TEXT_TYPES, 'The kind of title'),
    body: String(config.body),
    bodyType: oneOf(config.bodyType, TEXT_TYPES, 'The kind of text'),
    severity: oneOf(config.severity, [...SEVERITIES, FROM_MESSAGE], 'The severity'),
    wait: numberOf(config.wait, { name: 'The time to wait', least: 0, most: LONGEST_WAIT }),
    continueOnFailure: Boolean(config.continueOnFailure)
  }
}

/** @param {Work} work */
async function run (work) {
  const { bridge, key, msg, show } = work
  show(look('running', 'sending'))
  const accepted = await bridge.notify(await requestOf(work), key)
  const ended = await endOf(work, accepted)
  Object.assign(msg, { notificationId: ended.notification_id, deliveries: ended.deliveries })
  return outcome(work, ended)
}

/** @param {Work} work */
async function requestOf (work) {
  const { msg, settings } = work
  const said = saidIn(msg.notification, 'msg.notification', SAID)
  const title = said.title ?? await writtenOf(work, settings.title, settings.titleType, 'title')
  const body = said.body ?? (settings.body === '' ? '' : await writtenOf(work, settings.body, settings.bodyType, 'text'))
  const channels = said.channels ?? settings.channels
  if (!Array.isArray(channels) || !channels.length) throw new Error('No channel is chosen, in the node or in msg.notification.channels.')
  return {
    title,
    body,
    severity: severityOf(settings.severity, said.severity, msg),
    channel_ids: channels,
    data: dataFor([String(title), String(body)], msg),
    workflow_context: contextOf(work, settings.name)
  }
}

/** Waits until nothing is pending any more, or the time is over. @param {Work} work @param {Notified} accepted */
async function endOf ({ bridge, settings, show }, accepted) {
  const until = Date.now() + settings.wait * 1_000
  let found = accepted
  for (;;) {
    const left = (until - Date.now()) / 1_000
    if (found.finished || left <= 0) return found
    show(look('running', `sending ${found.deliveries.filter(one => one.status !== 'pending').length}/${found.deliveries.length}`))
    found = await bridge.notification(found.notification_id, Math.min(ONE_WAIT, Math.ceil(left)))
  }
}

/**
 * The first output goes on where somebody was told, the second where somebody was not; both have all deliveries.
 * "Continue on failure" means that nothing is an error.
 * @param {Work} work
 * @param {Notified} ended
 */
function outcome ({ RED, msg, settings }, { deliveries }) {
  const delivered = deliveries.filter(({ status }) => status === 'delivered')
  const missed = deliveries.filter(({ status }) => status !== 'delivered')
  const failed = missed.filter(({ error_code: code }) => !WANTED_SO.includes(code ?? ''))
  const second = missed.length ? RED.util.cloneMessage(msg) : null
  const text = missed.length ? `${delivered.length} of ${deliveries.length} delivered` : `delivered ${delivered.length}`
  return {
    outputs: [delivered.length ? msg : null, second],
    status: look(failed.length ? 'failed' : missed.length ? 'skipped' : 'completed', text),
    error: failed.length && !settings.continueOnFailure ? new Error(`Not delivered: ${failed.map(reasonOf).join('; ')}`) : undefined
  }
}

/** @param {Delivery} delivery */
function reasonOf ({ channel_name: name, status, error_message: message }) {
  return `${name}: ${message ?? ''}${status === 'pending' ? ' (it is tried again)' : ''}`.replace(':  (', ' (')
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineNode(RED, 'opsconductor-notification', { migrations, settings, run, maxInFlight: () => 10 })
  offer(RED, 'notification-channels', ask => ask('notification-channels'))
  offerFor(RED, 'notification-preview', (ask, template) => ask('notifications/preview', {}, template))
}

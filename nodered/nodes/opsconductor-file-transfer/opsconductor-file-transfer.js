/** Sends files to targets, or fetches them from there. */
'use strict'

const { ConfigError, idOf, numberOf, oneOf, wordOf } = require('../lib/config')
const { defineRunner } = require('../lib/define-runner')
const { offer, searchOf } = require('../lib/dialogs')
const { runOnTargets } = require('../lib/execution')
const { attemptsOf, runSettings } = require('../lib/run-settings')
const { targetsOf } = require('../lib/targets')
const { TEXT_TYPES, textOf } = require('../lib/values')
const { withContent } = require('./content')
const migrations = require('./migrations')

const SOURCES = /** @type {const} */ (['file', 'message', 'template'])
const CONTENT_TYPES = /** @type {const} */ (['msg', 'flow', 'global', 'env', 'jsonata'])
const MODE = /^(|0?[0-7]{3,4})$/
const ACCOUNT = /^(|[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}\$?)$/
const MIB = 1024 * 1024
const LARGEST = 16 * 1024 // MiB

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {import('../lib/execution').Work<Settings>} Work */
/**
 * @typedef {object} Own
 * @property {'upload' | 'download'} direction
 * @property {string} path on the target: where to, or where from
 * @property {typeof TEXT_TYPES[number]} pathType
 * @property {typeof SOURCES[number]} source
 * @property {string} fileId
 * @property {string} text with {{placeholders}}
 * @property {string} content
 * @property {typeof CONTENT_TYPES[number]} contentType
 * @property {boolean} unpack
 * @property {object} options of the direction, as the API has them
 */
/** @typedef {import('../lib/run-settings').RunSettings & Own} Settings */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  const direction = oneOf(config.direction, /** @type {const} */ (['upload', 'download']), 'The direction')
  const source = oneOf(config.source, SOURCES, 'What to send')
  if (!String(config.path ?? '').trim()) throw new ConfigError('The path on the targets is missing.')
  if (direction === 'upload' && source === 'file') idOf(config.fileId, 'The file')
  return {
    ...runSettings(config),
    direction,
    source,
    path: config.path,
    pathType: oneOf(config.pathType, TEXT_TYPES, 'The kind of path'),
    fileId: config.fileId,
    text: String(config.text ?? ''),
    content: config.content,
    contentType: oneOf(config.contentType, CONTENT_TYPES, 'Where the content is'),
    unpack: Boolean(config.unpack),
    options: direction === 'upload' ? uploadOptions(config) : downloadOptions(config)
  }
}

/** @param {import('../lib/config').Config} config */
function uploadOptions (config) {
  const mode = wordOf(config.mode, MODE, 'The mode', 'octal digits such as 0644')
  const owner = wordOf(config.owner, ACCOUNT, 'The owner', 'a name or a number')
  const group = wordOf(config.group, ACCOUNT, 'The group', 'a name or a number')
  return {
    unpack: Boolean(config.unpack),
    create_directories: Boolean(config.createDirectories),
    overwrite: oneOf(config.overwrite, /** @type {const} */ (['if_changed', 'always', 'never']), 'What to do with files that are there'),
    backup: Boolean(config.backup),
    ...(mode && { mode }),
    ...(owner && { owner }),
    ...(group && { group })
  }
}

/** @param {import('../lib/config').Config} config */
function downloadOptions (config) {
  const mebibytes = numberOf(config.sizeLimit, { name: 'The limit of the size', least: 1, most: LARGEST, whole: true })
  return { recursive: Boolean(config.recursive), size_limit: mebibytes * MIB }
}

/** @param {Work} work */
async function run (work) {
  const { settings } = work
  const targets = targetsOf(work.msg)
  const path = await textOf(work, settings.path, settings.pathType, 'path')
  return settings.direction === 'download'
    ? transferred(work, targets, path, { path })
    : withContent(work, path, source => transferred(work, targets, path, { ...source, destination: path }))
}

/** @param {Work} work @param {import('../lib/targets').Target[]} targets @param {string} path @param {Record<string, string>} what */
async function transferred (work, targets, path, what) {
  const { direction, source, options } = work.settings
  const order = {
    title: 'Transfer Files',
    description: `Executed by a Node-RED workflow: ${direction} ${path}`.slice(0, 1_000),
    type: 'file_transfer',
    parameters: { direction, ...what, ...options, ...attemptsOf(work.settings) },
    ownFile: Boolean(what.file_id) && source !== 'file'
  }
  const outcome = await runOnTargets(work, targets, order, { about: { direction, path }, noun: `The ${direction}`, detail: transferOf })
  const files = direction === 'download' ? outcome.ended.results.flatMap(fetchedFrom) : undefined
  for (const msg of outcome.outputs) if (msg && files) msg.files = files
  return outcome
}

/** @param {Result} result */
function transferOf ({ steps }) {
  return { transfer: steps?.[0]?.detail ?? {} }
}

/** Returns handles of what was fetched. @param {any} result */
function fetchedFrom ({ target_id, target_name, transfer }) {
  return (transfer.file_ids ?? []).map((/** @type {string} */ file_id) => ({
    target_id, target_name, file_id, size: transfer.bytes_total, sha256: transfer.sha256
  }))
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineRunner(RED, 'opsconductor-file-transfer', { migrations, settings, run })
  offer(RED, 'files', (ask, query) => ask('files', searchOf(query)))
}

/** Runs a command or a script on targets and waits for the end. */
'use strict'

const { ConfigError, idOf, oneOf, wordOf } = require('../lib/config')
const { defineRunner } = require('../lib/define-runner')
const { offer, searchOf } = require('../lib/dialogs')
const { runOnTargets } = require('../lib/execution')
const { runSettings } = require('../lib/run-settings')
const { targetsOf } = require('../lib/targets')
const { TEXT_TYPES } = require('../lib/values')
const migrations = require('./migrations')
const { orderOf } = require('./order')
const { parametersOf } = require('./parameters')

const KINDS = /** @type {const} */ (['command', 'script', 'stored'])
const ARGUMENT_TYPES = /** @type {const} */ (['json', 'msg', 'flow', 'global', 'jsonata'])
const INTERPRETER = /^(|\/\S{1,200}|[A-Za-z0-9][A-Za-z0-9._+-]{0,63})$/
const USER = /^(|[A-Za-z_][A-Za-z0-9._-]{0,31}\$?)$/

/**
 * @typedef {object} Own
 * @property {typeof KINDS[number]} kind
 * @property {string} command
 * @property {typeof TEXT_TYPES[number]} commandType
 * @property {string} script
 * @property {string} interpreter of the script; '' for what its first line says
 * @property {string} scriptId
 * @property {string} arguments
 * @property {typeof ARGUMENT_TYPES[number]} argumentsType
 * @property {import('./parameters').Parameter[]} parameters
 * @property {string} workingDirectory
 * @property {string} runAs user on the target; '' for the one who signs in
 * @property {boolean} detached
 */
/** @typedef {import('../lib/run-settings').RunSettings & Own} Settings */

/** @param {import('../lib/config').Config} config @returns {Settings} */
function settings (config) {
  const kind = oneOf(config.kind, KINDS, 'What to run')
  if (kind === 'stored') idOf(config.scriptId, 'The stored script')
  else if (!String(config[kind] ?? '').trim()) throw new ConfigError(`The ${kind} is missing.`)
  return {
    ...runSettings(config),
    kind,
    command: config.command,
    commandType: oneOf(config.commandType, TEXT_TYPES, 'The kind of command'),
    script: config.script,
    interpreter: wordOf(config.interpreter, INTERPRETER, 'The interpreter', 'a program such as bash or /usr/bin/python3'),
    scriptId: config.scriptId,
    arguments: config.arguments || '[]',
    argumentsType: oneOf(config.argumentsType, ARGUMENT_TYPES, 'The kind of arguments'),
    parameters: parametersOf(config.parameters),
    workingDirectory: String(config.workingDirectory ?? '').trim(),
    runAs: wordOf(config.runAs, USER, 'The user to run as', 'the name of a user on the targets'),
    detached: Boolean(config.detached)
  }
}

/** @param {import('../lib/execution').Work<Settings>} work */
async function run (work) {
  const targets = targetsOf(work.msg)
  const { order, words } = await orderOf(work)
  return runOnTargets(work, targets, order, words)
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  defineRunner(RED, 'opsconductor-command-executor', { migrations, settings, run })
  offer(RED, 'scripts', (ask, query) => ask('scripts', searchOf(query)))
}

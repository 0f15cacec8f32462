/** What a command executor has done: a command, a script, or a stored script, with everything it is given as data. */
'use strict'

const { attemptsOf } = require('../lib/run-settings')
const { textOf, valueOf } = require('../lib/values')
const { given } = require('./parameters')

const SHOWN = 200 // characters of the command in the description

/** @typedef {import('./opsconductor-command-executor').Settings} Settings */
/** @typedef {import('../lib/execution').Work<Settings>} Work */
/** @typedef {{type: string, parameters: object, about: Record<string, string>, noun: string}} Deed */

/** @param {Work} work */
async function orderOf (work) {
  const { kind, parameters, detached } = work.settings
  const { type, parameters: own, about, noun } = await DEEDS[kind](work)
  const [shown] = Object.values(about)
  return {
    order: {
      title: type === 'command' ? 'Execute Command' : 'Run Script',
      description: `Executed by a Node-RED workflow: ${shown.slice(0, SHOWN)}`,
      type,
      parameters: { ...own, ...surroundings(work.settings) },
      more: {
        ...(parameters.length && await given(work, parameters, { defined: kind === 'stored' })),
        ...(detached && { mode: 'detached' })
      }
    },
    words: { about, noun }
  }
}

/** @type {Record<Settings['kind'], (work: Work) => Promise<Deed>>} */
const DEEDS = {
  async command (work) {
    const { command, commandType } = work.settings
    const text = await textOf(work, command, commandType, 'command')
    return { type: 'command', parameters: { command: text }, about: { command: text }, noun: 'The command' }
  },
  async script (work) {
    const { script, interpreter } = work.settings
    const [first] = script.trim().split('\n')
    const parameters = { content: script, ...(interpreter && { interpreter }), arguments: await argumentsOf(work) }
    return { type: 'script', parameters, about: { script: first }, noun: 'The script' }
  },
  async stored (work) {
    const { scriptId } = work.settings
    const parameters = { script_id: scriptId, arguments: await argumentsOf(work) }
    return { type: 'script', parameters, about: { script: scriptId }, noun: 'The script' }
  }
}

/** @param {Settings} settings */
function surroundings (settings) {
  const { workingDirectory, runAs } = settings
  return {
    ...attemptsOf(settings),
    ...(workingDirectory && { working_directory: workingDirectory }),
    ...(runAs && { become: { method: 'sudo', user: runAs } })
  }
}

/** @param {Work} work @returns {Promise<string[]>} */
async function argumentsOf (work) {
  const { arguments: value, argumentsType } = work.settings
  const found = await valueOf(work, value, argumentsType)
  if (!Array.isArray(found) || found.some(one => !['string', 'number', 'boolean'].includes(typeof one))) {
    throw new Error(`The arguments must be a list of texts and numbers, not ${JSON.stringify(found) ?? 'nothing'}.`)
  }
  return found.map(String)
}

module.exports = { orderOf }

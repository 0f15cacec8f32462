/**
 * Runs nodes in a Node-RED for tests, against the real bridge, core, worker and SSH targets that tests/nodes starts and
 * tells about in the environment.
 */
'use strict'

const { provide } = require('../nodes/lib/instance')
const { started } = require('./flows')

/** @typedef {{id: string, name: string}} Target */
/**
 * @typedef {object} Facts
 * @property {{url: string, instanceToken: string}} access of the nodes
 * @property {{url: string, token: string}} core as its administrator sees it
 * @property {string} ticket of a designer in the editor
 * @property {Target[]} targets three that answer
 * @property {Target} gone one that does not
 * @property {Target[]} many 200 that answer, and one that does not
 * @property {{id: string}} script a stored one, which asks for GREETING
 * @property {{id: string}} file a stored one, which holds "x = 1"
 * @property {string} folder for files of targets, which share our disk
 */

const RUN = {
  z: 'tab', timeout: 30, retryCount: 0, maxInFlight: 5, continueOnFailure: false, cancelOnStop: false, outputFormat: 'summary',
  outputsInMessage: 'auto', parallelism: '', batchSize: '', canary: '', maxFailures: '', wires: [['out'], ['bad']]
}
const COMMAND = {
  ...RUN, id: 'executor', type: 'opsconductor-command-executor', version: 2, kind: 'command', command: 'echo hello', commandType: 'str', script: '',
  interpreter: '', scriptId: '', arguments: '[]', argumentsType: 'json', parameters: [], workingDirectory: '', runAs: '', detached: false
}
const TRANSFER = {
  ...RUN, id: 'transfer', type: 'opsconductor-file-transfer', version: 1, direction: 'upload', source: 'message', fileId: '', content: 'payload',
  contentType: 'msg', text: '', path: '', pathType: 'str', overwrite: 'if_changed', mode: '', owner: '', group: '', createDirectories: false,
  backup: false, unpack: false, recursive: false, sizeLimit: 16
}
const HEALTH = {
  id: 'health', z: 'tab', type: 'opsconductor-health-check', version: 1, services: '', tcpPorts: '', http: '', timeout: 30, maxInFlight: 1,
  outputFormat: 'checks', wires: [['out'], ['bad'], ['third']]
}
const RESULTS = {
  id: 'results', z: 'tab', type: 'opsconductor-results', version: 1, mode: 'rules', fetch: 'never', wires: [['out'], ['bad'], ['third']],
  rules: [{ property: 'status', operator: 'is', value: 'success' }]
}
const WAIT = {
  id: 'wait', z: 'tab', type: 'opsconductor-wait-for', version: 1, kind: 'time', amount: '1', unit: 'seconds', until: 'payload', untilType: 'msg',
  execution: 'executionId', executionType: 'msg', timeout: '30', wires: [['out'], ['bad']]
}

/** @returns {Facts} */
function facts () {
  if (!process.env.OPSC_TEST_BACKEND) throw new Error('These tests are run by pytest: tests/nodes.')
  return JSON.parse(process.env.OPSC_TEST_BACKEND)
}

/** Starts a flow with these nodes. @param {object[]} nodes */
function aRealFlow (...nodes) {
  return started(nodes, provide(facts().access))
}

/** Asks the core as its administrator, or tells it something. @param {string} path @param {{method: string, body?: object}} [sent] @returns {Promise<any>} */
async function askCore (path, sent) {
  const { url, token } = facts().core
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const answer = await fetch(`${url}/api/v3${path}`, { headers, method: sent?.method, body: sent?.body && JSON.stringify(sent.body) })
  return answer.status === 204 ? null : answer.json()
}

/** Asks for the waits of a node. @param {string} path @param {object} [options] */
async function waits (path, options = {}) {
  const { access } = facts()
  const headers = { authorization: `Bearer ${access.instanceToken}`, 'content-type': 'application/json' }
  const answer = await fetch(`${access.url}/api/nodered/waits${path}`, { headers, ...options })
  return answer.status === 204 ? null : /** @type {Promise<any>} */ (answer.json())
}

/** What a node holds. @param {{id: string}} node @returns {Promise<any[]>} */
async function keptOf ({ id }) {
  return (await waits(`?node_id=${id}`)).waits
}

module.exports = { COMMAND, HEALTH, RESULTS, TRANSFER, WAIT, aRealFlow, askCore, facts, keptOf, waits }

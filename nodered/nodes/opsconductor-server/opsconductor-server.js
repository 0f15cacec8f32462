/** An OpsConductor that nodes outside of its own Node-RED work with: its address and a workflow token. */
'use strict'

const { Bridge, BridgeError } = require('../lib/bridge')
const { ConfigError } = require('../lib/config')
const { answered } = require('../lib/dialogs')
const { own } = require('../lib/instance')
const { addressOf } = require('./address')

const TYPE = 'opsconductor-server'
const TOKEN = /^\S{8,300}$/
const UNCHANGED = '__PWRD__' // what the editor shows of a credential that is kept
const NOTHING = { q: 'a connection is being checked' } // matches no target

/** @typedef {import('../lib/node-red').Node & import('../lib/instance').Server & {address: string, credentials: {token?: string}}} ServerNode */

/** @param {unknown} given */
function tokenOf (given) {
  const token = String(given ?? '').trim()
  if (!TOKEN.test(token)) throw new ConfigError('The OpsConductor server has no workflow token; make one there under Automate, Workflow tokens.')
  return token
}

/**
 * Tries what is in the dialog. A token that is kept goes only to the address it is kept for.
 * @param {import('../lib/node-red').RED} RED
 * @param {any} wanted
 */
async function check (RED, { id, url, token, plain }) {
  const address = addressOf(url, Boolean(plain))
  const ask = new Bridge({ url: address, token: token === UNCHANGED ? keptToken(RED, id, address) : tokenOf(token) }).asPerson('')
  const { status } = await ask('health')
  if (status !== 'ok') throw new Error('There is no OpsConductor at this address.')
  try {
    await ask('targets', NOTHING)
  } catch (error) {
    if (!(error instanceof BridgeError) || error.status !== 403) throw error
    return { works: true, limit: error.message }
  }
  return { works: true, limit: null }
}

/** @param {import('../lib/node-red').RED} RED @param {unknown} id @param {string} address */
function keptToken (RED, id, address) {
  const kept = /** @type {ServerNode | null} */ (RED.nodes.getNode(String(id)))
  if (kept?.address !== address) throw new ConfigError('Enter the token again: the one that is kept is for another address.')
  return tokenOf(kept.credentials.token)
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  /** @this {ServerNode} @param {any} config */
  function OpsConductorServer (config) {
    RED.nodes.createNode(this, config)
    this.bridge = this.problem = null
    if (own()) return // a flow from elsewhere: here its nodes act as who deploys it
    try {
      this.address = addressOf(config.url, Boolean(config.plain))
      this.bridge = new Bridge({ url: this.address, token: tokenOf(this.credentials?.token) })
    } catch (error) {
      this.problem = /** @type {Error} */ (error)
    }
    this.on('close', async (/** @type {boolean} */ _removed, /** @type {() => void} */ done) => {
      await this.bridge?.close()
      done()
    })
  }
  RED.nodes.registerType(TYPE, OpsConductorServer, {
    credentials: { token: { type: 'password' } },
    settings: { opsconductorServerNeeded: { value: !own(), exportable: true } }
  })
  RED.httpAdmin.post('/opsconductor/server-check', RED.auth.needsPermission('flows.write'), answered(req => check(RED, req.body ?? {})))
}

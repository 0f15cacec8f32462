/**
 * Where the nodes get their access to OpsConductor from. Its own Node-RED hands it over past everything a flow can read: not
 * through the environment, the settings or the context. In any other it comes from the server node that a node names.
 */
'use strict'

const { Bridge } = require('./bridge')
const { ConfigError } = require('./config')

/** @type {Bridge | null} */
let given = null

/** @typedef {{bridge: Bridge | null, problem: Error | null}} Server as nodes see a server node */

/**
 * Gives the nodes their access; only the first caller can.
 * @param {import('./bridge').OwnAccess} access
 * @returns {() => Promise<void>} takes it back, at the end of the process or of a test
 */
function provide (access) {
  if (given) throw new Error('The nodes have their access to OpsConductor already.')
  const bridge = given = new Bridge(access)
  return () => {
    given = null
    return bridge.close()
  }
}

/** Returns the access that OpsConductor's own Node-RED was given; null in any other. */
function own () {
  return given
}

/**
 * Returns the access of a node or a dialog.
 * @param {import('./node-red').RED} RED
 * @param {unknown} server id of the server node, which only counts outside of OpsConductor's own Node-RED
 * @returns {Bridge}
 */
function bridgeFor (RED, server) {
  if (given) return given
  if (typeof server !== 'string' || !server) throw new ConfigError('Choose the OpsConductor server in this node.')
  const found = /** @type {Partial<Server> | null} */ (RED.nodes.getNode(server))
  if (found?.problem) throw found.problem
  if (!found?.bridge) throw new ConfigError('The OpsConductor server of this node is not there; deploy it, or choose another.')
  return found.bridge
}

module.exports = { bridgeFor, own, provide }

/**
 * Hands the access to OpsConductor from the runtime to the nodes, past everything a flow can read:
 * not through the environment, the settings or the context.
 */
'use strict'

const { Bridge } = require('./bridge')

/** @type {Bridge | null} */
let given = null

/**
 * Gives the nodes their access; only the first caller can.
 * @param {{url: string, instanceToken: string}} access
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

function bridge () {
  if (!given) throw new Error('This Node-RED was not started by OpsConductor; its nodes can\'t work here.')
  return given
}

module.exports = { bridge, provide }

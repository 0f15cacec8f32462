/** The bridge by a Unix socket, for a Node-RED that has no network: what `fetch` asks of its name goes there. */
'use strict'

const { Agent, buildConnector, setGlobalDispatcher } = require('undici')

const NAME = 'bridge.invalid' // no name server knows it, whatever a network is like

/**
 * Makes `fetch` reach the bridge by its socket; all else goes where it went.
 * @param {string} socketPath
 * @returns {string} the bridge's address
 */
function bySocket (socketPath) {
  const elsewhere = buildConnector({})
  const bridge = buildConnector({ socketPath })
  setGlobalDispatcher(new Agent({ connect: (options, done) => (options.hostname === NAME ? bridge : elsewhere)(options, done) }))
  return `http://${NAME}`
}

module.exports = { bySocket }

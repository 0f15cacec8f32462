/** What a run was started by, where somebody did: known while that request is being handled, through everything it sets off. */
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')

/** @typedef {{cause: 'inject' | 'http' | 'node', detail?: string, by?: string}} Cause */

/** @type {AsyncLocalStorage<Cause>} */
const causes = new AsyncLocalStorage()

/** @param {Cause} cause @param {() => void} act */
function because (cause, act) {
  causes.run(cause, act)
}

/** Returns the cause of what happens now; without a request it is the node itself (a schedule, a message from outside). @returns {Cause} */
function cause () {
  return causes.getStore() ?? { cause: 'node' }
}

module.exports = { because, cause }

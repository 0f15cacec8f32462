/**
 * The ticket of whoever asks the editor for something, for parts of Node-RED that are called without the request: known
 * while that request is being handled, through everything it sets off.
 */
'use strict'

const { AsyncLocalStorage } = require('node:async_hooks')

const HEADER = 'x-opsc-session'

/** @type {AsyncLocalStorage<string>} */
const tickets = new AsyncLocalStorage()

/** @type {import('./node-red').Middleware} */
function rememberPerson (req, _res, next) {
  const ticket = req.headers[HEADER]
  tickets.run(typeof ticket === 'string' ? ticket : '', next)
}

/** Returns the ticket; without a request there is none, and OpsConductor tells nobody anything. */
function ticketNow () {
  return tickets.getStore() ?? ''
}

module.exports = { rememberPerson, ticketNow }

/** What the dialogs of the nodes choose from: lists of OpsConductor, as the person who edits may see them. */
'use strict'

const { BridgeError } = require('./http')
const { bridge } = require('./instance')

/** @typedef {Record<string, unknown>} Query */
/** @typedef {(path: string, query?: Record<string, string>, body?: object) => Promise<any>} Ask with a body it is a POST */
/** @typedef {import('./node-red').Middleware} Middleware */

/**
 * Answers dialogs under `/opsconductor/<path>`.
 * @param {import('./node-red').RED} RED
 * @param {string} path
 * @param {(ask: Ask, query: Query) => Promise<any>} answer what it throws is told in the dialog
 */
function offer (RED, path, answer) {
  RED.httpAdmin.get(`/opsconductor/${path}`, RED.auth.needsPermission('opsconductor.read'), answered((ask, req) => answer(ask, req.query)))
}

/**
 * Answers what dialogs send under `/opsconductor/<path>`.
 * @param {import('./node-red').RED} RED
 * @param {string} path
 * @param {(ask: Ask, body: object) => Promise<any>} answer what it throws is told in the dialog
 */
function offerFor (RED, path, answer) {
  RED.httpAdmin.post(`/opsconductor/${path}`, RED.auth.needsPermission('opsconductor.read'), answered((ask, req) => answer(ask, req.body ?? {})))
}

/** @param {(ask: Ask, req: import('./node-red').Request) => Promise<any>} answer @returns {Middleware} */
function answered (answer) {
  return async (req, res) => {
    try {
      const ticket = req.headers['x-opsc-session']
      res.json(await answer(bridge().asPerson(typeof ticket === 'string' ? ticket : ''), req))
    } catch (error) {
      const status = error instanceof BridgeError ? error.status || 503 : 400
      res.status(status).json({ message: error instanceof Error ? error.message : String(error) })
    }
  }
}

/**
 * Returns the search of a dialog's query, the one thing that these lists know.
 * @param {Query} query
 * @returns {Record<string, string>}
 */
function searchOf ({ q }) {
  return typeof q === 'string' && q ? { q: q.slice(0, 200) } : {}
}

module.exports = { offer, offerFor, searchOf }

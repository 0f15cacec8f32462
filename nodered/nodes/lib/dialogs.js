/**
 * What the dialogs of the nodes choose from: lists of OpsConductor, as the person who edits may see them; in
 * another Node-RED than OpsConductor's own, as the token of the chosen server may.
 */
'use strict'

const { BridgeError } = require('./http')
const { bridgeFor } = require('./instance')

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
  RED.httpAdmin.get(`/opsconductor/${path}`, RED.auth.needsPermission('opsconductor.read'), answered(req => {
    const { server, ...query } = req.query
    return answer(asWhoEdits(RED, server, req), query)
  }))
}

/**
 * Answers what dialogs send under `/opsconductor/<path>`.
 * @param {import('./node-red').RED} RED
 * @param {string} path
 * @param {(ask: Ask, body: object) => Promise<any>} answer what it throws is told in the dialog
 */
function offerFor (RED, path, answer) {
  RED.httpAdmin.post(`/opsconductor/${path}`, RED.auth.needsPermission('opsconductor.read'), answered(req => {
    return answer(asWhoEdits(RED, req.query.server, req), req.body ?? {})
  }))
}

/** @param {import('./node-red').RED} RED @param {unknown} server @param {import('./node-red').Request} req */
function asWhoEdits (RED, server, req) {
  const ticket = req.headers['x-opsc-session']
  return bridgeFor(RED, server).asPerson(typeof ticket === 'string' ? ticket : '')
}

/** @param {(req: import('./node-red').Request) => Promise<any>} answer @returns {Middleware} */
function answered (answer) {
  return async (req, res) => {
    try {
      res.json(await answer(req))
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

module.exports = { answered, offer, offerFor, searchOf }

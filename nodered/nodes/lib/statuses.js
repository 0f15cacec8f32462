/** How the statuses of executions and results look under a node; the table is the one the whole product uses. */
'use strict'

/** @type {Record<string, {label: string, terminal: boolean, fill: string, shape: string}>} */
const TABLE = require('./statuses.json')

/** @typedef {{fill?: string, shape?: string, text?: string}} NodeStatus */

/**
 * Returns a node status that looks like a status of the table.
 * @param {string} status
 * @param {string} text
 * @returns {NodeStatus}
 */
function look (status, text) {
  const { fill, shape } = TABLE[status]
  return { fill, shape, text }
}

/** @param {Record<string, number>} counts results by status */
function ended (counts) {
  return Object.entries(counts).reduce((sum, [status, count]) => sum + (TABLE[status]?.terminal ? count : 0), 0)
}

module.exports = { TABLE, ended, look }

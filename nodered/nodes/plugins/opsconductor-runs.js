/**
 * Gives every message its run where it is first sent, so that a message that crosses tabs brings along in which tab it
 * started: it may do only what the owners of both may.
 */
'use strict'

const { bridge } = require('../lib/instance')
const { tabOf } = require('../lib/runs')

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  RED.hooks.add('onSend.opsconductor-runs', events => {
    for (const { source, msg } of events) if (msg) bridge().runOf(msg, tabOf(source.node))
  })
  RED.plugins.registerPlugin('opsconductor-runs', { type: 'opsconductor-runs' })
}

/** What the dialogs of our nodes have in common, loaded before any of them (see the page of the same name). */
'use strict'

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  RED.plugins.registerPlugin('opsconductor-editor', { type: 'opsconductor-editor' })
}

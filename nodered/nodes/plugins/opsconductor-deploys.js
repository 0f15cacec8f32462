/** Tells an editor whose flows are not the newest who deployed what since it loaded them (see the page of the same name). */
'use strict'

const { offer } = require('../lib/dialogs')
const { own } = require('../lib/instance')

const SHOWN = 5

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  const access = own()
  if (!access) return // in another Node-RED than OpsConductor's own deploys are not ours
  offer(RED, 'deploys', async (ask, { revision }) => {
    const since = access.deployOf(String(revision))
    const limit = since === undefined ? 1 : SHOWN
    const { items, total } = await ask('deploys', { since: String(since ?? 0), limit: String(limit) })
    return { known: since !== undefined, deploys: items, earlier: since === undefined ? 0 : total - items.length }
  })
  RED.plugins.registerPlugin('opsconductor-deploys', { type: 'opsconductor-editor' })
}

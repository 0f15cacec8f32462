/**
 * Gives every message its run where it is first sent, so that a message that crosses tabs brings along in which tab it
 * started: it may do only what the owners of both may. And tells OpsConductor of every run, also of flows without our nodes.
 */
'use strict'

const { own } = require('../lib/instance')
const { runIn, tabOf } = require('../lib/runs')
const { Tracker } = require('../lib/tracker')
const { concludedHow, deployBegins, deployEnds, durable, handed, isResumed, runsAreTold } = require('../lib/waits')

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  const access = own()
  if (!access) return // another Node-RED than OpsConductor's own; there is nobody to tell
  const tracker = new Tracker((reports, options) => access.reportRuns(reports, options))
  access.onRun(id => tracker.ask(id))
  access.atEnd(() => tracker.close())
  runsAreTold(id => tracker.endTold(id))

  RED.hooks.add('onSend.opsconductor-runs', (/** @type {import('../lib/node-red').SendEvent[]} */ events) => {
    for (const { source, msg } of events) if (msg) tracker.follow(access.runOf(msg, tabOf(source.node)), source.node)
  })
  RED.hooks.add('preDeliver.opsconductor-runs', (/** @type {import('../lib/node-red').SendEvent} */ { msg, source, destination }) => {
    const goesOn = tracker.deliver(runIn(msg), msg, destination.node)
    if (goesOn) handed(msg, source.port, destination.node)
    return goesOn
  })
  RED.hooks.add('onReceive.opsconductor-runs', (/** @type {import('../lib/node-red').ReceiveEvent} */ { msg, destination }) => {
    // A message that a node held before it was there comes without having been sent.
    const resumed = isResumed(msg)
    if (resumed) tracker.follow(access.runOf(msg, tabOf(destination.node)), destination.node)
    tracker.receive(runIn(msg), msg, destination.node, resumed)
  })
  RED.hooks.add('onComplete.opsconductor-runs', (/** @type {import('../lib/node-red').CompleteEvent} */ { msg, node, error }) => {
    tracker.complete(runIn(msg), node.node, error, concludedHow())
  })
  RED.events.on('flows:stopping', () => {
    deployBegins()
    tracker.stopping()
  })
  RED.events.on('flows:started', () => {
    deployEnds()
    tracker.deployed(node => isThere(RED, node), id => durable.has(id))
  })
  RED.plugins.registerPlugin('opsconductor-runs', { type: 'opsconductor-runs' })
}

/**
 * Tells whether a node still is part of the flows. Those inside a subflow only their own flow knows.
 * @param {import('../lib/node-red').RED} RED
 * @param {import('../lib/node-red').Node} node
 */
function isThere (RED, node) {
  return RED.nodes.getNode(node.id) === node || node._flow?.getNode?.(node.id, true) === node
}

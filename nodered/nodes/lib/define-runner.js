/** Registers the nodes that have something run on targets; where one is durable, its messages are held meanwhile. */
'use strict'

const { defineNode } = require('./define-node')
const { held } = require('./waits')

/** @typedef {import('./node-red').RED} RED */
/**
 * @template {import('./run-settings').WorkSettings} Settings
 * @typedef {Pick<import('./define-node').Definition<Settings>, 'migrations' | 'settings' | 'run'>} Runner
 */

/**
 * Registers a node type.
 * @template {import('./run-settings').WorkSettings} Settings
 * @param {RED} RED
 * @param {string} type
 * @param {Runner<Settings>} runner
 */
function defineRunner (RED, type, { migrations, settings, run }) {
  defineNode(RED, type, {
    migrations,
    settings,
    // Not what is sent to the core: values of secret parameters must not be kept with the message.
    run: work => work.settings.durable ? held(work, async () => ({ since: Date.now() }), () => run(work)) : run(work),
    maxInFlight: settings => settings.maxInFlight,
    durable: settings => settings.durable
  })
}

module.exports = { defineRunner }

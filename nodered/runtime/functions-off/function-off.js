/** Stands for Function nodes while they are off: flows keep what was written into them, and nothing of it runs. */
'use strict'

const OFF = 'Function nodes are off, because Node-RED runs without a box around it or an administrator wants it so.'

/** @param {any} RED */
module.exports = RED => {
  /** @this {any} @param {object} config */
  function FunctionOff (config) {
    RED.nodes.createNode(this, config)
    this.status({ fill: 'grey', shape: 'ring', text: 'off' })
    this.on('input', (/** @type {unknown} */ _msg, /** @type {unknown} */ _send, /** @type {(error: Error) => void} */ done) => done(new Error(OFF)))
  }
  RED.nodes.registerType('function', FunctionOff)
}

/** The targets of a message: found in each shape a target selector (or somebody else) gives them, and put into one. */
'use strict'

/** @typedef {{id: string} & Record<string, unknown>} Target */

/**
 * Returns the targets of a message, each once.
 * @param {any} msg
 * @returns {Target[]}
 */
function targetsOf (msg) {
  const found = msg.targets ?? msg.targetIds ?? msg.payload?.targets ?? msg.payload
  if (!Array.isArray(found)) throw new Error('The message has no targets; connect a target selector before this node.')
  if (!found.length) throw new Error('The message has 0 targets, so there is nothing to do.')
  return [...new Map(found.map(target).map(one => [one.id, one])).values()]
}

/** @param {any} given an id, or an object with one @returns {Target} */
function target (given) {
  const id = typeof given === 'object' && given !== null ? given.id : given
  if (typeof id !== 'string' || !id) throw new Error('The targets of the message must be ids, or objects with an id.')
  return typeof given === 'object' ? given : { id }
}

/** Puts targets into a message as all nodes read them. @param {any} msg @param {Target[]} targets */
function withTargets (msg, targets) {
  return Object.assign(msg, { targets, targetIds: targets.map(target => target.id), targetCount: targets.length })
}

module.exports = { targetsOf, withTargets }

/** Brings what was written for results that are handles, so many at a time. */
'use strict'

const { isHandle } = require('../lib/results')

const AT_ONCE = 200 // results; what the bridge gives

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {import('../lib/define-node').MessageBridge} MessageBridge */

/**
 * Yields results in order, in batches, each with what was written.
 * @param {MessageBridge} bridge
 * @param {Result[]} results
 */
async function * withOutputs (bridge, results) {
  for (let at = 0; at < results.length; at += AT_ONCE) {
    const batch = results.slice(at, at + AT_ONCE)
    const found = await outputsOf(bridge, batch.filter(isHandle))
    yield batch.map(result => ({ ...result, ...found.get(keyOf(result)) }))
  }
}

/** @param {MessageBridge} bridge @param {Result[]} handles */
async function outputsOf (bridge, handles) {
  /** @type {Map<string, Pick<Result, 'output_text' | 'error_text' | 'output_truncated' | 'error_truncated'>>} */
  const found = new Map()
  for (const [id, mine] of Map.groupBy(handles, result => result.execution_id ?? '')) {
    if (!id) throw new Error('A result of the message has neither outputs nor an execution_id to fetch them by.')
    const { results } = await bridge.outputs(id, mine.map(result => result.target_id))
    for (const { target_id, output_text, error_text, output_truncated, error_truncated } of results) {
      found.set(keyOf({ execution_id: id, target_id }), { output_text, error_text, output_truncated, error_truncated })
    }
  }
  return found
}

/** @param {Pick<Result, 'execution_id' | 'target_id'>} result */
function keyOf ({ execution_id, target_id }) {
  return `${execution_id} ${target_id}`
}

module.exports = { withOutputs }

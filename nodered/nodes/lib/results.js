/** What came of an action on its targets: who succeeded, in which numbers, and how a message tells it. */
'use strict'

/** @typedef {import('./bridge').Result} Result */
/** @typedef {import('./bridge').Results} Results */
/** @typedef {typeof FORMATS[number]} Format */

const FORMATS = /** @type {const} */ (['summary', 'results_only', 'detailed'])

/** @param {Result} result */
function succeeded (result) {
  return result.status === 'completed' && result.exit_code === 0
}

/** @param {Result[]} results */
function summaryOf (results) {
  const successful = results.filter(succeeded).length
  return {
    total_targets: results.length,
    successful,
    failed: results.length - successful,
    success_rate: `${(successful / results.length * 100).toFixed(1)}%`,
    counts: countsOf(results, result => result.status)
  }
}

/**
 * Counts results by something they have.
 * @template {{}} T
 * @param {T[]} results
 * @param {(result: T) => string} key
 */
function countsOf (results, key) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const result of results) counts[key(result)] = (counts[key(result)] ?? 0) + 1
  return counts
}

/** @param {Record<string, number>} counts */
function told (counts) {
  return Object.entries(counts).map(([status, count]) => `${count} ${status}`).join(', ')
}

/**
 * Returns the payload in the form chosen in the node.
 * @param {Format} format
 * @param {Record<string, unknown>} about what was done, for instance the command
 * @param {Results} ended
 */
function formatted (format, about, { execution_id, execution_time, results }) {
  const summary = summaryOf(results)
  switch (format) {
    case 'summary': return { execution_id, ...about, ...summary }
    case 'results_only': return results.map(short)
    case 'detailed': return {
      execution_id,
      ...about,
      execution_time,
      summary,
      results,
      successful_targets: results.filter(succeeded),
      failed_targets: results.filter(result => !succeeded(result))
    }
  }
}

/** @param {Result} result */
function short ({ target_name, status, exit_code, output_text, error_text }) {
  return { target_name, status, exit_code, output: output_text, error: error_text }
}

/**
 * Returns a result without what was written: enough to decide by, and to fetch the rest with (see the node "results").
 * @param {string} executionId
 * @param {Result} result
 * @returns {Result}
 */
function handleOf (executionId, { output_text: _out, error_text: _err, steps: _steps, ...facts }) {
  return { execution_id: executionId, ...facts }
}

/** Whether a result has no texts but stands for them. @param {Result} result */
function isHandle (result) {
  return result.output_text === undefined
}

module.exports = { FORMATS, countsOf, formatted, handleOf, isHandle, succeeded, summaryOf, told }

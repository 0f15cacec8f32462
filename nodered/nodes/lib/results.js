/** What came of a command on its targets: who succeeded, in which numbers, and how a message tells it. */
'use strict'

/** @typedef {import('../lib/bridge').Result} Result */
/** @typedef {import('../lib/bridge').Results} Results */

/** @param {Result} result */
function succeeded (result) {
  return result.status === 'completed' && result.exit_code === 0
}

/** @param {Results} ended */
function summaryOf ({ results }) {
  const successful = results.filter(succeeded).length
  /** @type {Record<string, number>} */
  const counts = {}
  for (const { status } of results) counts[status] = (counts[status] ?? 0) + 1
  return {
    total_targets: results.length,
    successful,
    failed: results.length - successful,
    success_rate: `${(successful / results.length * 100).toFixed(1)}%`,
    counts
  }
}

/**
 * @param {'summary' | 'results_only' | 'detailed'} format
 * @param {string} command
 * @param {Results} ended
 */
function formatted (format, command, ended) {
  const { execution_id, execution_time, results } = ended
  switch (format) {
    case 'summary': return { execution_id, command, ...summaryOf(ended) }
    case 'results_only': return results.map(({ target_name, status, exit_code, output_text, error_text }) => ({
      target_name, status, exit_code, output: output_text, error: error_text
    }))
    case 'detailed': return {
      execution_id,
      command,
      execution_time,
      summary: summaryOf(ended),
      results,
      successful_targets: results.filter(succeeded),
      failed_targets: results.filter(result => !succeeded(result))
    }
  }
}

module.exports = { formatted, succeeded, summaryOf }

/** What a saved target selector was like before. */
'use strict'

/** @type {import('../lib/config').Migration[]} */
module.exports = [
  {
    version: 1,
    up: config => ({
      ...config,
      targetFilter: config.targetFilter ?? {},
      selectedTargets: config.selectedTargets ?? [],
      missingTargets: config.missingTargets ?? 'error',
      outputFormat: config.outputFormat ?? 'array'
    })
  },
  {
    version: 2,
    // Nothing matched was a message with 0 targets.
    up: config => ({ ...config, nothingMatched: 'empty' })
  }
]

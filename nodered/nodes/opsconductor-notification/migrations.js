/** What a saved notification was like before. */
'use strict'

/** @type {import('../lib/config').Migration[]} */
module.exports = [
  {
    version: 1,
    up: config => ({
      ...config,
      channels: config.channels ?? [],
      titleType: config.titleType ?? 'str',
      body: config.body ?? '',
      bodyType: config.bodyType ?? 'str',
      severity: config.severity ?? 'info',
      wait: config.wait ?? 30,
      continueOnFailure: config.continueOnFailure ?? false
    })
  }
]

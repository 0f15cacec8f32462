/** What a saved command executor was like before. */
'use strict'

const { WITHOUT_STRATEGY } = require('../lib/run-settings')

/** @type {import('../lib/config').Migration[]} */
module.exports = [
  {
    version: 1,
    up: config => ({
      ...config,
      // Where the field was empty, the command came with the message.
      command: config.command || 'command',
      commandType: config.commandType ?? (config.command ? 'str' : 'msg'),
      timeout: config.timeout ?? 30,
      retryCount: config.retryCount ?? 0,
      continueOnFailure: config.continueOnFailure ?? false,
      outputFormat: config.outputFormat ?? 'detailed',
      maxInFlight: config.maxInFlight ?? 5,
      cancelOnStop: config.cancelOnStop ?? false
    })
  },
  {
    version: 2,
    up: config => ({
      ...config,
      ...WITHOUT_STRATEGY,
      kind: 'command',
      script: '',
      interpreter: '',
      scriptId: '',
      arguments: '[]',
      argumentsType: 'json',
      parameters: [],
      workingDirectory: '',
      runAs: '',
      detached: false,
      // These messages always had what was written, however many targets there were.
      outputsInMessage: 'always'
    })
  }
]

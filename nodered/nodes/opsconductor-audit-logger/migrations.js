/** What a saved audit logger was like before. */
'use strict'

/** @type {import('../lib/config').Migration[]} */
module.exports = [
  {
    version: 1,
    up: config => ({
      ...config,
      eventType: config.eventType ?? 'note',
      messageType: config.messageType ?? 'str',
      severity: config.severity ?? 'info',
      data: config.data ?? '',
      dataType: config.dataType ?? 'none'
    })
  }
]

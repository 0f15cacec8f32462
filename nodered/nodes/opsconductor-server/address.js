/** The address of an OpsConductor, as a server node has it. */
'use strict'

const { ConfigError } = require('../lib/config')

const HERE = ['localhost', '127.0.0.1', '[::1]']

/**
 * Returns an address that a token may be sent to.
 * @param {unknown} given
 * @param {boolean} plain whether unencrypted is fine also to another machine
 */
function addressOf (given, plain) {
  const url = parsed(String(given ?? '').trim())
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.username || url.password || url.search || url.hash) {
    throw new ConfigError('The address must be one such as https://ops.example.com, with nothing behind the path.')
  }
  if (url.protocol === 'http:' && !plain && !HERE.includes(url.hostname)) {
    throw new ConfigError('With http:// the token would travel unencrypted; use https://, or allow it where the network is private.')
  }
  return url.href.replace(/\/+$/, '')
}

/** @param {string} text */
function parsed (text) {
  try {
    return new URL(text)
  } catch {
    return null
  }
}

module.exports = { addressOf }

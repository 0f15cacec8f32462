/**
 * Marks that tell that a node's credentials changed, without telling anything of them: Node-RED seals those of all nodes together,
 * anew each time, so that OpsConductor could not see whose changed, and who answers for them.
 */
'use strict'

const { createDecipheriv, createHash, createHmac } = require('node:crypto')

const SEALED = '$' // where Node-RED puts them
const IV = 32 // hex digits in front

/**
 * Returns credentials as they are stored: sealed, with a mark for each node that has some.
 * @param {any} credentials as Node-RED hands them over
 * @param {string} secret what it seals them with
 * @returns {any}
 */
function marked (credentials, secret) {
  if (typeof credentials?.[SEALED] !== 'string') return credentials
  const key = createHash('sha256').update(`marks of credentials\n${secret}`).digest()
  const marks = Object.entries(opened(credentials[SEALED], secret)).map(([node, found]) => [node, mark(found, key)])
  return { ...unmarked(credentials), marks: Object.fromEntries(marks) }
}

/** Returns credentials as Node-RED knows them: it takes them for sealed only where nothing else is with them. @param {any} credentials */
function unmarked ({ marks: _, ...credentials }) {
  return credentials
}

/** @param {string} sealed @param {string} secret @returns {Record<string, unknown>} */
function opened (sealed, secret) {
  const key = createHash('sha256').update(secret).digest()
  try {
    const decipher = createDecipheriv('aes-256-ctr', key, Buffer.from(sealed.slice(0, IV), 'hex'))
    return JSON.parse(decipher.update(sealed.slice(IV), 'base64', 'utf8') + decipher.final('utf8'))
  } catch {
    return {} // sealed with another secret: Node-RED says so itself, and can't use them either
  }
}

/** @param {unknown} found @param {Buffer} key */
function mark (found, key) {
  const entries = Object.entries(/** @type {object} */ (found)).sort(([one], [other]) => (one < other ? -1 : 1))
  return createHmac('sha256', key).update(JSON.stringify(entries)).digest('hex')
}

module.exports = { marked, unmarked }

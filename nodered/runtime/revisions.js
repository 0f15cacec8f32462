/** Which deploy an editor has: it knows only Node-RED's revision, a hash of the flows. */
'use strict'

const { createHash } = require('node:crypto')

const MOST = 500

class Revisions {
  /** @type {Map<string, number>} */
  #deploys = new Map()

  /**
   * @param {object[]} flows as Node-RED gets or gives them: it hashes just this
   * @param {number} deploy
   */
  note (flows, deploy) {
    const revision = createHash('sha256').update(JSON.stringify(flows)).digest('hex')
    this.#deploys.delete(revision)
    this.#deploys.set(revision, deploy)
    if (this.#deploys.size > MOST) this.#deploys.delete(/** @type {string} */ (this.#deploys.keys().next().value))
  }

  /** Returns the newest deploy of these flows; undefined for an editor from before this process, or far behind. @param {string} revision */
  deployOf (revision) {
    return this.#deploys.get(revision)
  }
}

module.exports = { Revisions }

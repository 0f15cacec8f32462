/** What a saved wait-for node was like before. */
'use strict'

/** @type {import('../lib/config').Migration[]} */
module.exports = [{ version: 1, up: config => ({ ...config }) }]

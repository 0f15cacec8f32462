/** The look of OpsConductor in the editor. */
'use strict'

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  // Paths are relative to the package; Node-RED refuses `../`.
  RED.plugins.registerPlugin('opsconductor', {
    type: 'node-red-theme',
    css: 'resources/opsconductor-theme.css',
    scripts: 'resources/opsconductor-scheme.js',
    schemes: ['light', 'dark'],
    page: { title: 'Workflows · OpsConductor', favicon: 'resources/opsconductor.svg' },
    header: { title: 'OpsConductor', image: 'resources/opsconductor.svg' }
  })
}

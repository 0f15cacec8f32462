/**
 * Light or dark as in OpsConductor's web app, which keeps its choice on the same origin; without one the editor's own setting counts.
 * While it is open inside of the app, the app tells the editor of each change itself.
 */
(() => {
  'use strict'

  const THEIRS = 'opsconductor-color-scheme'
  const OURS = 'view-dark-theme' // of Node-RED's user settings, which reads it a moment later
  try {
    const wanted = localStorage.getItem(THEIRS)
    if (wanted && ['light', 'dark', 'auto'].includes(wanted)) localStorage.setItem(OURS, wanted)
    const scheme = localStorage.getItem(OURS)
    const dark = scheme === 'dark' || (scheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches)
    document.documentElement.classList.toggle('nr-theme-dark', dark)
  } catch {
    // Storage can be switched off.
  }

  // In a frame the way home would lead to the app inside of the app.
  document.addEventListener('click', event => {
    const link = event.target instanceof Element && event.target.closest('.red-ui-header-logo a')
    if (link instanceof HTMLAnchorElement) link.target = '_top'
  }, true)
})()

/** How Node-RED runs inside OpsConductor: nothing installs, nothing phones home, flows reach no files and no shells. */
'use strict'

const { join } = require('node:path')
const { rememberPerson } = require('../nodes/lib/person')
const logging = require('./logging')

const NODES = join(__dirname, '..', 'nodes')
const FUNCTIONS_OFF = join(__dirname, 'functions-off')
const EXCLUDED = ['90-exec.js', '10-file.js', '23-watch.js', '31-tcpin.js', '32-udp.js']
const LONGEST_FUNCTION = 30 // s of synchronous code in a Function node; it holds up every flow meanwhile

/** What the Import dialog offers beside its own; a longer label would be cut. */
const TEMPLATES = { id: 'templates', type: 'opsconductor-templates', label: 'Templates', icon: 'font-awesome/fa-clone', types: ['flows'], readOnly: true }

/** Monaco needs the blob worker, node definitions the inline scripts; nothing needs eval. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "font-src 'self' data:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "frame-ancestors 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "object-src 'none'"
].join('; ')

/** @typedef {(req: any, res: any, next: () => void) => void} Middleware */

/** @type {Middleware} */
function editorHeaders (_req, res, next) {
  res.set({
    'content-security-policy': CONTENT_SECURITY_POLICY,
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff'
  })
  next()
}

/**
 * @param {object} options
 * @param {string} options.userDir
 * @param {string} options.credentialSecret
 * @param {object} options.adminAuth
 * @param {object} options.storageModule
 * @param {Middleware} options.hookMiddleware what every request to a hook passes last, before its flow
 * @param {string} [options.palette] folder with the packages an administrator added
 * @param {boolean} [options.functions] whether Function nodes run
 * @param {string | (() => boolean)} [options.trustProxy] whose word on addresses counts
 */
function settings ({ userDir, credentialSecret, adminAuth, storageModule, hookMiddleware, palette, functions = true, trustProxy = 'loopback' }) {
  const all = {
    userDir,
    nodesDir: [NODES, ...(palette ? [palette] : []), ...(functions ? [] : [FUNCTIONS_OFF])],
    httpAdminRoot: '/nodered',
    httpNodeRoot: '/hooks',
    httpAdminMiddleware: [editorHeaders, rememberPerson], // who asks for a template sees their own
    httpNodeMiddleware: hookMiddleware,
    webSocketNodeVerifyClient: () => false, // nothing proves who opens one; nginx does not pass any on either
    httpServerOptions: { 'trust proxy': trustProxy },
    adminAuth,
    storageModule,
    nodesExcludes: functions ? EXCLUDED : [...EXCLUDED, '10-function.js'],
    externalModules: {
      autoInstall: false,
      palette: { allowInstall: false, allowUpdate: false, allowUpload: false },
      modules: { allowInstall: false }
    },
    functionExternalModules: false,
    functionTimeout: LONGEST_FUNCTION,
    globalFunctionTimeout: LONGEST_FUNCTION,
    functionGlobalContext: {},
    exportGlobalContextKeys: false,
    tlsConfigDisableLocalFiles: true,
    diagnostics: { enabled: false, ui: false },
    telemetry: { enabled: false, updateNotification: false },
    runtimeState: { enabled: true, ui: true },
    nodeCloseTimeout: 3_000, // ms; below the 5 s in which the whole process has to stop
    inboundWebSocketTimeout: 5_000,
    apiMaxLength: '20mb',
    debugMaxLength: 1_000,
    logging: { json: { level: 'info', metrics: false, audit: true, handler: logging.handler } },
    editorTheme: {
      theme: 'opsconductor',
      header: { url: '/' },
      login: { message: 'Sign in to OpsConductor to edit workflows.', button: { type: 'button', label: 'Sign in', url: '/login?next=/nodered/' } },
      logout: { redirect: '/login' },
      tours: false,
      projects: { enabled: false },
      multiplayer: { enabled: true },
      palette: { catalogues: [], categories: ['OpsConductor', 'subflows', 'common', 'function', 'network', 'sequence', 'parser'] },
      library: { sources: [TEMPLATES] },
      codeEditor: { lib: 'monaco' }
    }
  }
  // Not enumerable, so that it does not turn up in the settings nodes are shown.
  return Object.defineProperty(all, 'credentialSecret', { value: credentialSecret, enumerable: false })
}

module.exports = { CONTENT_SECURITY_POLICY, settings }

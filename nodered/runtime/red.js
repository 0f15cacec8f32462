/** Starts Node-RED inside OpsConductor; everything it needs comes by environment, everything secret by stdin. */
'use strict'

const { existsSync, readFileSync, writeFileSync } = require('node:fs')
const { createServer } = require('node:http')
const { join } = require('node:path')
const express = require('express')
const RED = require('node-red')
const { because } = require('../nodes/lib/cause')
const { own, provide } = require('../nodes/lib/instance')
const { bySocket } = require('./by-socket')
const { Health } = require('./health')
const { HookGate, notServed } = require('./hooks')
const { log, text } = require('./logging')
const { settings } = require('./settings')
const { HEADER, SignIn } = require('./sign-in')
const { Storage } = require('./storage')

const STDIN = 0
const HOST = '127.0.0.1'
const STOP_WITHIN = 4_500 // ms

/** @param {string} name */
function required (name) {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set.`)
  return value
}

/** @typedef {{fd: number} | {port: number, host: string}} Door */

/** Where we listen: at a socket that is open already, so that nobody in here can change where it is; else on a port. @returns {Door} */
function ourDoor () {
  const fd = process.env.OPSCONDUCTOR_LISTEN_FD
  return fd ? { fd: Number(fd) } : { port: Number(required('OPSCONDUCTOR_NODERED_PORT')), host: HOST }
}

/** Where the bridge is; in a box without network at a Unix socket. */
function bridgeAddress () {
  const socket = process.env.OPSCONDUCTOR_API_SOCKET
  return socket ? bySocket(socket) : required('OPSCONDUCTOR_API_URL').replace(/\/+$/, '')
}

/** @returns {{instanceToken: string, credentialSecret: string}} */
function readSecrets () {
  const given = JSON.parse(readFileSync(STDIN, 'utf8'))
  for (const name of ['instanceToken', 'credentialSecret']) {
    if (typeof given[name] !== 'string' || given[name].length < 32) throw new Error(`stdin gives no usable ${name}.`)
  }
  return given
}

/** Whether Function nodes run; where they don't, it is said why. */
function functionsRun () {
  if (process.env.OPSCONDUCTOR_NODERED_FUNCTIONS !== 'false') return true
  const message = 'Function nodes are off: there is no box around Node-RED, or an administrator wants it so. See docs/guide/box.md.'
  log('warning', 'functions-off', { message })
  return false
}

/** Node-RED looks for one to list modules, and only its own storage makes it. @param {string} userDir */
function ensurePackage (userDir) {
  const path = join(userDir, 'package.json')
  if (existsSync(path)) return
  writeFileSync(path, JSON.stringify({ name: 'opsconductor-workflows', private: true, version: '0.0.0', dependencies: {} }))
}

/** @param {SignIn} signIn @param {Health} health @param {string | (() => boolean)} trustProxy whose word on addresses counts */
function application (signIn, health, trustProxy) {
  const app = express()
  app.disable('x-powered-by')
  app.set('trust proxy', trustProxy)
  app.get('/nodered/health', health.route)
  app.use((/** @type {unknown} */ _req, /** @type {any} */ res, /** @type {() => void} */ next) => {
    if (health.isUp) return next()
    res.set('retry-after', '1').status(503).json({ code: 'starting', message: 'Workflows are starting; try again in a moment.' })
  })
  app.use('/nodered', signIn.required)
  return app
}

async function main () {
  const { instanceToken, credentialSecret } = readSecrets()
  const url = bridgeAddress()
  const userDir = required('OPSCONDUCTOR_NODERED_DIR')
  const door = ourDoor()
  ensurePackage(userDir)

  const signIn = new SignIn(url)
  const storage = new Storage({
    url,
    instanceToken,
    directory: userDir,
    credentialSecret,
    ticketOf: user => signIn.ticketOf(user),
    takeOver: (flows, credentials) => RED.runtime.flows.setFlows({ flows: { flows, credentials }, deploymentType: 'nodes' })
  })
  const gate = new HookGate({ url, instanceToken, routes: () => RED.httpNode._router?.stack ?? [] })
  const health = new Health()
  const takeBack = provide({ url, instanceToken, deployOf: revision => storage.deployOf(revision) })
  const trustProxy = 'fd' in door ? () => true : 'loopback'
  const app = application(signIn, health, trustProxy)
  const server = createServer(app)

  const stop = once(async (/** @type {number} */ code) => {
    setTimeout(() => process.exit(code), STOP_WITHIN)
    log('info', 'stopping')
    server.close()
    await storage.close()
    if (health.isUp) await RED.stop()
    await takeBack()
    process.exit(code)
  })
  process.on('SIGTERM', () => stop(0))
  process.on('SIGINT', () => stop(0))
  process.on('uncaughtException', error => {
    // Anything may be half done now; the supervisor starts a clean process.
    log('fatal', 'uncaught-exception', { message: text(error) })
    stop(1)
  })

  RED.init(server, settings({
    userDir,
    credentialSecret,
    adminAuth: signIn.adminAuth,
    storageModule: storage.module,
    palette: process.env.OPSCONDUCTOR_NODERED_PALETTE,
    functions: functionsRun(),
    hookMiddleware: gate.last,
    trustProxy
  }))
  signIn.watch(server)
  health.follow(RED.events)
  app.use('/nodered/inject', async (/** @type {any} */ req, /** @type {unknown} */ _res, /** @type {() => void} */ next) => {
    const user = await signIn.userOf(req.headers[HEADER])
    because({ cause: 'inject', by: user?.username }, next)
  })
  app.use('/nodered', RED.httpAdmin)
  app.use('/hooks', gate.first)
  // Not mounted as an application: Node-RED would put what reads whole bodies in front of the gate.
  app.use('/hooks', (/** @type {any} */ req, /** @type {any} */ res) => RED.httpNode(req, res, () => notServed(req, res)))
  await listening(server, door)
  log('info', 'listening', door)
  await RED.start()
  health.up()
  own()?.onFlows(() => storage.refresh())
}

/** @param {import('node:http').Server} server @param {Door} door */
function listening (server, door) {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(door, () => resolve(undefined))
  })
}

/**
 * @template A
 * @param {(argument: A) => Promise<void>} act
 */
function once (act) {
  /** @type {Promise<void> | null} */
  let done = null
  return (/** @type {A} */ argument) => (done ??= act(argument))
}

main().catch(error => {
  log('fatal', 'start-failed', { message: text(error) })
  process.exit(1)
})

/**
 * The gate in front of what flows serve under /hooks/. A request reaches its flow only after the bridge has said that it proves
 * itself; secrets and keys are never in here, and what a request proves itself with does not reach the flow.
 */
'use strict'

const { because } = require('../nodes/lib/cause')
const { BridgeError, request } = require('../nodes/lib/http')
const { log } = require('./logging')
const { HEADER } = require('./sign-in')

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const BODY_LIMIT = 5 * 1024 * 1024 // bytes; contracts/hooks.py has it too
const UNPROVEN_LIMIT = 64 * 1024 * 1024 // bytes of all bodies that are read before they are proven
const ANSWER_WITHIN = 10_000 // ms
const LATER = 2 // s, where the bridge does not say when
const SIGNATURES = ['x-hook-signature', 'x-hub-signature-256']
const SHOWN = ['x-hook-timestamp', ...SIGNATURES, 'x-github-delivery']
/** What flows do not get to see. */
const HIDDEN = ['authorization', 'cookie', HEADER, 'x-hook-token', ...SIGNATURES]
const BEARER = /^bearer +(\S+) *$/i
const USABLE = /^[\x20-\x7e]{1,300}$/

/** @typedef {{method: string, path: string}} Hook as its route has it */
/** @typedef {{route?: {path: unknown, _handles_method: (method: string) => boolean}, match: (path: string) => boolean}} Layer of Express */

/** An answer other than the flow's. */
class Refusal extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {Record<string, string>} [headers] */
  constructor (status, code, message, headers = {}) {
    super(message)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

class HookGate {
  #bridge
  #token
  #routes
  /** @type {WeakMap<object, Hook>} */
  #passed = new WeakMap()
  /** bytes */
  #unproven = 0

  /**
   * @param {object} options
   * @param {string} options.url of the bridge
   * @param {string} options.instanceToken
   * @param {() => Layer[]} options.routes what Node-RED serves, in the order it looks through them
   */
  constructor ({ url, instanceToken, routes }) {
    this.#bridge = url
    this.#token = instanceToken
    this.#routes = routes
  }

  /** Middleware in front of everything that flows serve. */
  get first () {
    return async (/** @type {any} */ req, /** @type {any} */ res, /** @type {() => void} */ next) => {
      // What a flow serves is somebody's content in our origin: it gets none of the visitor's rights.
      res.set({ 'content-security-policy': 'sandbox', 'x-content-type-options': 'nosniff' })
      const by = await this.#check(req).catch(error => refuse(req, res, error))
      if (by !== undefined) because({ cause: 'http', detail: `${req.method} /hooks${req.path}`, ...(by && { by }) }, next)
    }
  }

  /** Middleware right before a flow: that it is the one whose hook was asked about, whatever was deployed in between. */
  get last () {
    return (/** @type {any} */ req, /** @type {any} */ res, /** @type {() => void} */ next) => {
      const hook = this.#passed.get(req)
      if (hook && hook.path === req.route?.path && hook.method === methodOf(req)) return next()
      notServed(req, res)
    }
  }

  /** Returns what the request proved itself by, empty where nothing is asked for. @param {any} req @returns {Promise<string>} */
  async #check (req) {
    const hook = this.#hookOf(req)
    refuseTooLarge(declared(req))
    const signed = SIGNATURES.some(name => req.headers[name])
    const { by } = signed ? await this.#askWithBody(hook, req) : await this.#ask(hook, req)
    if (!signed && isChunked(req)) await bodyOf(req) // only reading tells how large it is
    hide(req)
    this.#passed.set(req, hook)
    return by ?? ''
  }

  /**
   * Asks about a signed request. Its body has to be read for that, whoever sent it: so many bytes at once, and no more.
   * @param {Hook} hook
   * @param {any} req
   */
  async #askWithBody (hook, req) {
    const bytes = isChunked(req) ? BODY_LIMIT : declared(req)
    if (this.#unproven + bytes > UNPROVEN_LIMIT) {
      throw new Refusal(503, 'hooks_busy', 'Too much is being sent to hooks at once; send this again.', { 'retry-after': '1' })
    }
    this.#unproven += bytes
    try {
      return await this.#ask(hook, req, await bodyOf(req))
    } finally {
      this.#unproven -= bytes
    }
  }

  /** Returns the hook that Node-RED would serve a request with. @param {any} req @returns {Hook} */
  #hookOf (req) {
    const method = methodOf(req)
    const layer = this.#routes().find(one => one.route?._handles_method(method) && matches(one, req.path))
    const path = layer?.route?.path
    if (typeof path !== 'string' || !METHODS.includes(method)) throw nothingServed()
    return { method, path: path.startsWith('/') ? path : `/${path}` }
  }

  /** @param {Hook} hook @param {any} req @param {Buffer} [content] @returns {Promise<{by: string | null}>} */
  async #ask (hook, req, content) {
    const answer = await request(`${this.#bridge}/api/nodered/hooks/check?${new URLSearchParams({ ...hook })}`, {
      method: 'POST', token: this.#token, timeout: ANSWER_WITHIN, content, headers: shownBy(req)
    })
    if (typeof answer?.hook_id !== 'string') throw new BridgeError('This is no answer about a hook.', { code: 'unexpected_answer' })
    return answer
  }
}

/** Returns the bytes that a body is said to have. @param {any} req */
function declared (req) {
  return Number(req.headers['content-length'] ?? 0)
}

/** @param {any} req */
function isChunked (req) {
  return Boolean(req.headers['transfer-encoding'])
}

/** @param {any} req */
function methodOf (req) {
  return req.method === 'HEAD' ? 'GET' : req.method
}

/** @param {Layer} layer @param {string} path */
function matches (layer, path) {
  try {
    return layer.match(path)
  } catch {
    return false // a path that can't be decoded
  }
}

/** Returns what a request shows, as the bridge takes it. @param {any} req @returns {Record<string, string>} */
function shownBy (req) {
  const shown = SHOWN.map(name => [name, req.headers[name]])
  const token = req.headers['x-hook-token'] ?? BEARER.exec(req.headers.authorization ?? '')?.[1]
  const all = [...shown, ['x-hook-token', token], ['x-hook-address', req.ip], ['x-request-id', req.headers['x-request-id']]]
  return Object.fromEntries(all.filter(([, value]) => typeof value === 'string' && USABLE.test(value)))
}

/** Takes out what proves the request, so that it does not end up in a message. @param {any} req */
function hide (req) {
  for (const name of HIDDEN) delete req.headers[name]
  req.rawHeaders = req.rawHeaders.filter((/** @type {string} */ _, /** @type {number} */ index) =>
    !HIDDEN.includes(req.rawHeaders[index - index % 2].toLowerCase()))
}

/**
 * Reads a body, and puts it back for whoever reads it next.
 * @param {import('node:http').IncomingMessage} req
 * @returns {Promise<Buffer>}
 */
function bodyOf (req) {
  if (!declared(req) && !isChunked(req)) return Promise.resolve(Buffer.alloc(0))
  /** @type {Buffer[]} */
  const pieces = []
  let size = 0
  const { promise, resolve, reject } = Promise.withResolvers()
  const read = () => {
    try {
      for (let piece = req.read(); piece !== null; piece = req.read()) {
        refuseTooLarge(size += piece.length)
        pieces.push(piece)
      }
    } catch (error) {
      return reject(error)
    }
    if (!req.complete) return
    const body = Buffer.concat(pieces)
    if (body.length) req.unshift(body) // in the same breath: once the stream says that it has ended, nothing can be put back
    resolve(body)
  }
  const cut = () => reject(new Refusal(400, 'body_cut_off', 'The request ended before its body did.'))
  const heard = /** @type {const} */ ([['readable', read], ['end', read], ['error', cut], ['close', cut]])
  for (const [event, listener] of heard) req.on(event, listener)
  return promise.finally(() => { for (const [event, listener] of heard) req.off(event, listener) })
}

/** @param {number} bytes */
function refuseTooLarge (bytes) {
  if (bytes <= BODY_LIMIT) return
  throw new Refusal(413, 'request_too_large', `The request body is larger than ${BODY_LIMIT / 1024 ** 2} MiB; send less.`, { connection: 'close' })
}

function nothingServed () {
  return new Refusal(404, 'hook_not_served', 'No flow serves this method and path.')
}

/** Answers that nothing is served here. @param {any} req @param {any} res */
function notServed (req, res) {
  refuse(req, res, nothingServed())
}

/** @param {any} req @param {any} res @param {unknown} error */
function refuse (req, res, error) {
  const { status, code, message, headers } = refusalFor(error)
  if (res.headersSent || res.destroyed) return
  res.set({ 'cache-control': 'no-store', ...headers })
  res.status(status).json({ detail: message, code, request_id: req.headers['x-request-id'] ?? '' })
}

/** Returns what the sender is told: only refusals that are meant for it, of all else that it can't be checked now. @param {unknown} error */
function refusalFor (error) {
  if (error instanceof Refusal) return error
  const refused = error instanceof BridgeError ? error : null
  const later = { 'retry-after': String(Math.ceil((refused?.pause ?? LATER * 1_000) / 1_000)) }
  if (refused?.status === 401 && refused.code.startsWith('hook_')) {
    return new Refusal(401, refused.code, refused.message, { 'www-authenticate': 'Bearer' })
  }
  if (refused?.status === 429) return new Refusal(429, refused.code, refused.message, later)
  log('warning', 'hook.unchecked', { message: String(error), status: refused?.status, code: refused?.code })
  return new Refusal(503, 'hook_unchecked', 'OpsConductor can\'t check requests to hooks right now; send this one again later.', later)
}

module.exports = { BODY_LIMIT, HookGate, notServed }

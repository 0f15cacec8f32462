/** Requests to the bridge: JSON in, JSON out, every refusal a BridgeError. */
'use strict'

const USER_AGENT = 'OpsConductor-Node-RED'
const DEFAULT_TIMEOUT = 30_000 // ms
const LONGEST_PAUSE = 60 // s; whatever Retry-After says, so that a stop is not the only way out

/** The bridge refused, or did not answer (`status` 0). */
class BridgeError extends Error {
  /**
   * @param {string} message
   * @param {{status?: number, code?: string, retryAfter?: number, cause?: unknown}} [facts]
   */
  constructor (message, { status = 0, code = 'bridge_unreachable', retryAfter, cause } = {}) {
    super(message, { cause })
    this.status = status
    this.code = code
    /** For how many ms to stay away, where the bridge said that. */
    this.pause = retryAfter === undefined ? undefined : Math.min(retryAfter, LONGEST_PAUSE) * 1_000
  }

  /** Whether the same request may succeed later: nobody answered, or too busy. */
  get retry () {
    return [0, 429, 502, 503, 504].includes(this.status)
  }
}

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {string} [token] a bearer token
 * @property {Record<string, string>} [headers]
 * @property {unknown} [body] anything JSON can say
 * @property {Buffer} [content] a body as it is, instead
 * @property {AbortSignal} [signal]
 * @property {number} [timeout] ms
 */

/**
 * Sends a request; what is not 2xx is thrown as a BridgeError, an abort as the signal's reason.
 * @param {string} url
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
async function request (url, { timeout = DEFAULT_TIMEOUT, signal, ...options } = {}) {
  const limit = AbortSignal.timeout(timeout)
  const either = signal ? AbortSignal.any([signal, limit]) : limit
  try {
    const response = await open(url, { ...options, signal: either })
    return response.status === 204 ? null : await response.json()
  } catch (error) {
    if (error instanceof BridgeError) throw error
    signal?.throwIfAborted()
    throw new BridgeError('OpsConductor does not answer.', { cause: error })
  }
}

/**
 * Sends a request and returns the answer unread, for streams.
 * @param {string} url
 * @param {Omit<Options, 'timeout'>} options
 */
async function open (url, { method = 'GET', token, headers = {}, body, content, signal }) {
  const response = await fetch(url, {
    method,
    signal,
    redirect: 'error',
    headers: {
      'user-agent': USER_AGENT,
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(content && { 'content-type': 'application/octet-stream' }),
      ...headers
    },
    body: content ?? (body === undefined ? undefined : JSON.stringify(body))
  })
  if (!response.ok) throw await refusal(response)
  return response
}

/** @param {Response} response */
async function refusal (response) {
  /** @type {any} */
  const said = await response.json().catch(() => ({}))
  const reasons = Array.isArray(said?.errors) ? said.errors.map(reason).filter(Boolean) : []
  const detail = typeof said?.detail === 'string' ? said.detail : `OpsConductor answered ${response.status}.`
  return new BridgeError([detail, ...reasons].join(' '), {
    status: response.status,
    code: typeof said?.code === 'string' ? said.code : 'unexpected_answer',
    retryAfter: seconds(response.headers.get('retry-after'))
  })
}

/** @param {any} error one of the `errors` of a refusal: what is wrong with which field */
function reason (error) {
  const text = error?.message ?? error?.msg ?? ''
  const field = error?.field ?? error?.loc ?? ''
  return field && text ? `${field}: ${text}` : text
}

/** @param {string | null} header */
function seconds (header) {
  const value = Number(header)
  return header !== null && Number.isFinite(value) && value >= 0 ? value : undefined
}

module.exports = { BridgeError, open, request }

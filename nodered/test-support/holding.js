/** A way to the real bridge on which some requests are held, for whatever happens while a node waits for them. */
'use strict'

const { once } = require('node:events')
const { createServer } = require('node:http')
const { Readable } = require('node:stream')
const { buffer } = require('node:stream/consumers')
const { pipeline } = require('node:stream/promises')

class HoldingWay {
  /** Paths of requests that are held, until who asks gives up. @type {string[]} */
  held = []
  /** @type {() => void} */
  release = () => {}
  #released = new Promise(resolve => { this.release = () => resolve(true) })
  #server

  /** @param {string} beyond address of the bridge @param {RegExp} holds paths of requests to hold until `release` is called */
  constructor (beyond, holds) {
    this.#server = createServer(async (req, res) => {
      const path = String(req.url)
      if (holds.test(path) && !await this.#hold(path, res)) return
      try {
        await passOn(req, res, beyond + path)
      } catch {
        res.destroy()
      }
    })
  }

  async start () {
    await new Promise(resolve => this.#server.listen(0, '127.0.0.1', () => resolve(undefined)))
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address())
    return `http://127.0.0.1:${port}`
  }

  stop () {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  /** Tells whether it was released; false where nobody waits for it any more. @param {string} path @param {import('node:http').ServerResponse} res */
  async #hold (path, res) {
    this.held.push(path)
    const released = await Promise.race([this.#released, once(res, 'close').then(() => false)])
    this.held.splice(this.held.indexOf(path), 1)
    return released
  }
}

/** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res @param {string} url */
async function passOn (req, res, url) {
  const { host: _host, connection: _connection, ...headers } = /** @type {Record<string, string>} */ (req.headers)
  const body = req.method === 'GET' ? undefined : await buffer(req)
  const gone = new AbortController()
  res.on('close', () => gone.abort())
  const answer = await fetch(url, { method: req.method, headers, body, signal: gone.signal })
  res.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'application/json' })
  if (answer.body) await pipeline(Readable.fromWeb(/** @type {any} */ (answer.body)), res)
  else res.end()
}

module.exports = { HoldingWay }

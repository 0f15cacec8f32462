/** A bridge for tests: speaks the contract, keeps everything in memory, and can be told to misbehave. */
'use strict'

const { randomUUID } = require('node:crypto')
const { createServer } = require('node:http')

const INSTANCE_TOKEN = 'a'.repeat(64)
const DESIGNER = ['read', 'inject.write', 'flows.write', 'debug.write', 'library.write', 'settings.write', 'context.write']
const PEOPLE = {
  'ticket-of-dana': { id: randomUUID(), username: 'dana', display_name: 'Dana', role: 'designer', permissions: DESIGNER },
  'ticket-of-vic': { id: randomUUID(), username: 'vic', display_name: 'Vic', role: 'viewer', permissions: ['read'] }
}

/** @param {string} name @param {object} [facts] */
function aTarget (name, facts = {}) {
  return {
    id: randomUUID(), name, description: '', os_type: 'linux', environment: 'production', status: 'active', tags: [], host: `${name}.test`, port: 22, ...facts
  }
}

/** @typedef {{status: number, body?: any, headers?: Record<string, string>}} Answer */
/** @typedef {{method: string, path: string, query: URLSearchParams, token: string, headers: import('node:http').IncomingHttpHeaders, body: any}} Asked */
/** @typedef {{id: string, status: string, terminal: boolean, target_ids: string[], results: any[], ended: Promise<void>, end: () => void}} Execution */

class TestBridge {
  targets = [aTarget('web-1'), aTarget('web-2'), aTarget('win-1', { os_type: 'windows' })]
  /** @type {Record<string, any>} */
  people = { ...PEOPLE }
  snapshot = { flows: /** @type {any[]} */ ([]), credentials: {}, settings: /** @type {any} */ ({}), sessions: {}, rev: 0, empty: true }
  /** @type {Map<string, any>} */
  library = new Map()
  /** @type {Map<string, Execution>} */
  executions = new Map()
  /** @type {Asked[]} */
  asked = []
  /** Answers to give instead of the right ones, by "METHOD path". @type {Record<string, Answer[]>} */
  instead = {}
  /** How a target's result looks, by its name. @type {(target: any) => object} */
  outcome = target => ({ status: 'completed', exit_code: 0, output_text: `${target.name}\n` })
  /** Ends each execution as soon as it is accepted. */
  endsAtOnce = true
  /** ms until what is to be executed, or kept as a file, is accepted. */
  acceptsAfter = 0
  /** ms from something being accepted to the answer that says so. */
  answersAfter = 0
  /** Names of files that are kept, by id. @type {Map<string, string>} */
  files = new Map()
  /** Executions by the key they were accepted with. @type {Map<string, Execution>} */
  #accepted = new Map()
  /** What is known of runs, by id. @type {Map<string, any>} */
  runs = new Map()
  /** Runs that somebody wants to end. @type {string[]} */
  #toEnd = []
  /** Tokens of hooks, by "METHOD path". @type {Record<string, string>} */
  hooks = {}
  hasEvents = true
  /** Sends who reconnects what they missed. */
  resumes = false
  /** @type {string[]} */
  #events = []
  /** @type {Set<string>} */
  #tokens = new Set()
  /** @type {Set<import('node:http').ServerResponse>} */
  #streams = new Set()
  #server = createServer((req, res) => { this.#serve(req, res).catch(error => res.writeHead(500).end(String(error))) })
  #port = 0

  get url () {
    return `http://127.0.0.1:${this.#port}`
  }

  get access () {
    return { url: this.url, instanceToken: INSTANCE_TOKEN }
  }

  /** Starts, or starts again on the same port. */
  async start () {
    await new Promise(resolve => this.#server.listen(this.#port, '127.0.0.1', () => resolve(undefined)))
    this.#port = /** @type {import('node:net').AddressInfo} */ (this.#server.address()).port
    return this
  }

  async stop () {
    const closed = new Promise(resolve => this.#server.close(resolve))
    this.#server.closeAllConnections()
    await closed
  }

  /** @param {string} method @param {string} path */
  requests (method, path) {
    return this.asked.filter(one => one.method === method && one.path.startsWith(path))
  }

  get streams () {
    return this.#streams.size
  }

  dropStreams () {
    for (const res of this.#streams) res.destroy()
  }

  revokeRunTokens () {
    this.#tokens.clear()
  }

  /** Ends an execution and tells those who listen. @param {Execution} execution @param {string} [status] */
  finish (execution, status = 'completed') {
    execution.status = status
    execution.terminal = true
    execution.results = execution.target_ids.map(id => this.#result(id))
    execution.end()
    this.#emit('execution', { execution_id: execution.id })
  }

  /** @param {Execution} execution */
  progress (execution) {
    execution.results = execution.target_ids.map((id, number) => number ? { ...this.#result(id), status: 'running' } : this.#result(id))
    this.#emit('execution', { execution_id: execution.id })
  }

  /** Somebody wants to end a run. @param {string} id */
  endRun (id) {
    this.#toEnd.push(id)
    this.#emit('run', { run_id: id })
  }

  /** @param {string} event @param {object} data */
  #emit (event, data) {
    this.#events.push(`event: ${event}\nid: ${this.#events.length + 1}\ndata: ${JSON.stringify(data)}\n\n`)
    for (const res of this.#streams) res.write(this.#events.at(-1))
  }

  /** @param {string} id */
  #result (id) {
    const target = this.targets.find(one => one.id === id)
    return { target_id: id, target_name: target?.name, exit_code: null, output_text: '', error_text: '', ...this.outcome(target) }
  }

  /** @param {Execution} execution */
  #state ({ status, terminal, results }) {
    /** @type {Record<string, number>} */
    const counts = {}
    for (const result of results) counts[result.status] = (counts[result.status] ?? 0) + 1
    return { status, terminal, counts }
  }

  /** @param {import('node:http').IncomingMessage} req @param {import('node:http').ServerResponse} res */
  async #serve (req, res) {
    let text = ''
    for await (const piece of req) text += piece
    const url = new URL(req.url ?? '/', this.url)
    const asked = {
      method: req.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      token: (req.headers.authorization ?? '').replace('Bearer ', ''),
      headers: req.headers,
      body: req.headers['content-type'] === 'application/json' ? JSON.parse(text) : undefined
    }
    this.asked.push(asked)
    const instead = this.instead[`${asked.method} ${asked.path}`]?.shift()
    if (!instead && asked.path === '/api/workflow/events') return this.#stream(asked, res)
    const { status, body, headers } = instead ?? await this.#answer(asked)
    res.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body === undefined ? undefined : JSON.stringify(body))
  }

  /** @param {Asked} asked @param {import('node:http').ServerResponse} res */
  #stream (asked, res) {
    if (asked.token !== INSTANCE_TOKEN || !this.hasEvents) return void res.writeHead(503).end()
    res.writeHead(200, { 'content-type': 'text/event-stream' })
    this.#streams.add(res)
    res.on('close', () => this.#streams.delete(res))
    const last = this.resumes ? asked.headers['last-event-id'] : undefined
    res.write(`: keep-alive\n\nevent: hello\nid: ${this.#events.length}\ndata: ${JSON.stringify({ resumed: last !== undefined })}\n\n`)
    for (const event of last === undefined ? [] : this.#events.slice(Number(last))) res.write(event)
  }

  /** @param {Asked} asked @returns {Promise<Answer>} */
  async #answer (asked) {
    const [, , area, what, name, more] = asked.path.split('/')
    if (area === 'nodered' && what === 'whoami') {
      const person = this.people[asked.token]
      return person ? ok(person) : refused(401, 'not_signed_in', 'Sign in first.')
    }
    if (area === 'nodered' && asked.token !== INSTANCE_TOKEN) return refused(401, 'not_signed_in', 'Sign in first.')
    if (area === 'nodered' && what === 'hooks') return this.#checkHook(asked)
    if (area === 'nodered') return what === 'runs' ? this.#hear(asked) : this.#storage(asked, name, more)
    if (what === 'auth') return this.#token(asked)
    const knownTicket = asked.token in this.people && what === 'targets'
    if (!knownTicket && !this.#tokens.has(asked.token)) return refused(401, 'not_signed_in', 'The token has expired.')
    if (what === 'targets') return this.#targets(asked)
    if (what === 'execute') return this.#execute(asked)
    if (what === 'files') return this.#file(asked, name)
    return this.#execution(asked, what, this.executions.get(name))
  }

  /** @param {Asked} asked */
  #token (asked) {
    if (asked.token !== INSTANCE_TOKEN) return refused(403, 'permission_missing', 'Only Node-RED may.')
    const token = `run-token-${randomUUID()}`
    this.#tokens.add(token)
    const expires_at = new Date(Date.now() + 900_000).toISOString()
    return ok({ token, token_type: 'bearer', expires_at, user: { id: randomUUID(), username: 'dana', role: 'designer' } })
  }

  /** @param {Asked} asked */
  #targets ({ query }) {
    const filters = Object.fromEntries(query)
    const found = this.targets.filter((/** @type {any} */ target) => Object.entries(filters).every(([key, value]) => target[key] === value))
    return ok({ targets: found, total: found.length, filters_applied: filters })
  }

  /** @param {Asked} asked @returns {Promise<Answer>} */
  async #execute ({ body, headers }) {
    const key = String(headers['idempotency-key'])
    if (!headers['if-match']) await new Promise(resolve => setTimeout(resolve, this.acceptsAfter))
    else if (!this.#accepted.has(key)) return refused(412, 'nothing_accepted', 'Nothing was accepted with this key.')
    const { id, target_ids: { length } } = this.#accepted.get(key) ?? this.#begin(body, key)
    await new Promise(resolve => setTimeout(resolve, this.answersAfter))
    return ok({ execution_id: id, status: 'scheduled', target_count: length, deadline_at: null }, 202)
  }

  /** @param {Asked} asked @param {string} id @returns {Promise<Answer>} */
  async #file ({ method, query }, id) {
    if (method === 'DELETE') return this.files.delete(id) ? { status: 204 } : refused(404, 'file_not_found', 'There is no such file.')
    await new Promise(resolve => setTimeout(resolve, this.acceptsAfter))
    const made = randomUUID()
    this.files.set(made, String(query.get('name')))
    return ok({ id: made }, 201)
  }

  /** @param {any} body @param {string} key */
  #begin (body, key) {
    let end = () => {}
    const ended = new Promise(resolve => { end = () => resolve(undefined) })
    const results = body.target_ids.map((/** @type {string} */ id) => ({ target_id: id, status: 'running', exit_code: null }))
    const execution = /** @type {Execution} */ ({ id: randomUUID(), status: 'running', terminal: false, target_ids: body.target_ids, results, ended, end })
    this.executions.set(execution.id, execution)
    this.#accepted.set(key, execution)
    if (this.endsAtOnce) this.finish(execution)
    return execution
  }

  /** @param {Asked} asked @param {string} what @param {Execution | undefined} execution @returns {Promise<Answer>} */
  async #execution (asked, what, execution) {
    if (!execution) return refused(404, 'execution_not_found', 'There is no such execution.')
    if (what === 'cancel') {
      this.finish(execution, 'cancelled')
      return ok(this.#state(execution), 202)
    }
    const wait = Number(asked.query.get('wait') ?? 0) * 1_000
    if (wait) {
      await Promise.race([execution.ended, new Promise(resolve => setTimeout(resolve, wait, undefined).unref())])
    }
    const state = { execution_id: execution.id, ...this.#state(execution) }
    return ok(what === 'state' ? state : { ...state, target_count: execution.target_ids.length, results: execution.results, execution_time: 0.5 })
  }

  /** @param {Asked} asked @returns {Answer} */
  #hear (asked) {
    for (const run of asked.body.runs) this.runs.set(run.run_id, run)
    const running = asked.body.runs.filter((/** @type {any} */ run) => run.status === 'running')
    const named = [...asked.body.alive, ...running.map((/** @type {any} */ run) => run.run_id)]
    return ok({ cancel: named.filter(id => this.#toEnd.includes(id)) })
  }

  /** @param {Asked} asked @returns {Answer} */
  #checkHook ({ query, headers }) {
    const token = this.hooks[`${query.get('method')} ${query.get('path')}`]
    if (!token) return refused(401, 'hook_unprotected', 'This hook is closed.')
    if (headers['x-hook-token'] !== token) return refused(401, 'hook_refused', 'This request does not prove that it may use this hook.')
    return ok({ hook_id: randomUUID(), by: `token ${token.slice(0, 16)}…` })
  }

  /** @param {Asked} asked @param {string} name @param {string} more @returns {Answer} */
  #storage (asked, name, more) {
    if (name === 'snapshot') return ok(this.snapshot)
    if (name === 'flows') return this.#deploy(asked)
    if (name === 'node-types') return { status: 204 }
    if (name === 'documents') {
      this.snapshot = { ...this.snapshot, [more]: asked.body.content }
      return { status: 204 }
    }
    const key = `${more}/${asked.query.get('path')}`
    if (asked.method === 'GET') return ok({ content: this.library.get(key) ?? [] })
    this.library.set(key, asked.body.content)
    return { status: 204 }
  }

  /** @param {Asked} asked @returns {Answer} */
  #deploy ({ body }) {
    if (!this.people[body.ticket]) return refused(401, 'not_signed_in', 'Sign in first.')
    if (body.base_rev !== this.snapshot.rev) return refused(409, 'stale_flows', 'Somebody else deployed in between.')
    const own = ['tab', 'subflow', 'group', 'junction', 'global-config']
    const unknown = body.flows.filter((/** @type {any} */ node) => !own.includes(node.type) && !body.known_types.includes(node.type))
    if (unknown.length) return refused(422, 'unknown_node_type', `These node types are not installed: ${unknown[0].type}`)
    this.snapshot = { ...this.snapshot, flows: body.flows, credentials: body.credentials, rev: body.base_rev + 1, empty: false }
    return ok({ rev: this.snapshot.rev })
  }
}

/** @param {any} body @returns {Answer} */
function ok (body, status = 200) {
  return { status, body }
}

/** @param {number} status @param {string} code @param {string} detail @returns {Answer} */
function refused (status, code, detail) {
  return { status, body: { detail, code, request_id: randomUUID() } }
}

module.exports = { INSTANCE_TOKEN, TestBridge, aTarget, refused }

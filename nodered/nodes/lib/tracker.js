/**
 * Follows every run of every flow through Node-RED's hooks, and tells OpsConductor of it in batches. What could not be
 * told is told again: a report holds everything known of a run.
 */
'use strict'

const { cause } = require('./cause')
const { Run } = require('./run')

const LOOK_EVERY = 250 // ms; a run in which nothing happens for as long has ended
const TELL_EVERY = 500 // ms
const ALIVE_EVERY = 5_000 // ms; a run that is not named for 20 s counts as lost
const AT_ONCE = 200 // runs of one report
const UNTOLD = 5_000 // runs that may wait to be told, while the bridge is away
const RESUMABLE = 60_000 // ms in which a run that has ended can go on: a Function node may send later
const REMEMBERED = 20_000 // runs; of more, those that have ended are forgotten at once
const STUCK = 24 * 3_600_000 // ms without any message moving; some nodes never say that they are done
const LAST_WORDS = 1_500 // ms; a stopping Node-RED has no more
const DEPLOYED = 'A deploy stopped the flow while this ran.'
const SILENT = 'No message of it moved for 24 hours; a node that has one never said that it is done.'
const STOPPED = 'Node-RED was stopped.'

/** @typedef {import('./node-red').Node} Node */
/** @typedef {{runs: object[], alive: string[], left_out: number}} Reports */

class Tracker {
  #tell
  /** @type {Map<string, Run>} in which something happens or has just happened */
  #runs = new Map()
  /** @type {Map<string, Run>} what is not told yet, oldest first */
  #untold = new Map()
  /** Messages on their way, which their run counts already. @type {WeakSet<object>} */
  #underWay = new WeakSet()
  /** Nodes that finished something while a deploy was stopping nodes, by run: many say that they are done when they are stopped. @type {Map<Run, Set<Node>>} */
  #whileStopping = new Map()
  /** Who wants to know when the end of a run was told, by the run's id. @type {Map<string, (() => void)[]>} */
  #endings = new Map()
  #stopping = false
  #telling = false
  #leftOut = 0
  #aliveAt = 0
  /** @type {NodeJS.Timeout[]} */
  #timers

  /** @param {(reports: Reports, options?: {timeout: number}) => Promise<{cancel: string[]}>} tell */
  constructor (tell) {
    this.#tell = tell
    this.#timers = [
      setInterval(() => this.#look(), LOOK_EVERY).unref(),
      setInterval(() => this.tell(), TELL_EVERY).unref()
    ]
  }

  /**
   * A node sends a message of a run.
   * @param {{id: string, flow: string}} of
   * @param {Node} source
   */
  follow ({ id, flow }, source) {
    if (this.#runs.has(id)) return
    const run = new Run(id, flow, source, cause(), Date.now())
    this.#runs.set(id, run)
    this.#changed(run)
  }

  /**
   * A message is handed to a node; false when it must not be.
   * @param {string | undefined} id
   * @param {object} msg
   * @param {Node} node
   */
  deliver (id, msg, node) {
    const run = this.#run(id)
    if (!run) return true
    if (run.status === 'cancelled') return false
    run.sent(node)
    this.#underWay.add(msg)
    return true
  }

  /** @param {string | undefined} id @param {any} msg @param {Node} node @param {boolean} [resumed] whether a node held it that was stopped */
  receive (id, msg, node, resumed = false) {
    const run = this.#run(id)
    if (!run) return
    const now = Date.now()
    // What a node is given without a wire (an error that is caught, a press of its button) comes unannounced.
    if (!this.#underWay.delete(msg)) run.sent(node)
    run.begun(node, now, { again: resumed && run.takeUp(node) })
    if (node.type === 'catch' && msg.error?.source?.id) run.caught(msg.error.source.id)
    if (node._expectedDoneCount === 0) run.done(node, null, now)
    this.#changed(run)
  }

  /** @param {string | undefined} id @param {Node} node @param {unknown} error @param {import('./waits').Conclusion} [how] */
  complete (id, node, error, how = null) {
    const run = this.#run(id)
    if (!run) return
    if (how === 'left') run.leave(node, Date.now())
    else run.done(node, error, Date.now())
    if (this.#stopping && !how) this.#whileStopping.set(run, (this.#whileStopping.get(run) ?? new Set()).add(node))
    this.#changed(run)
  }

  /** A deploy, or the end of the process, begins to stop nodes. */
  stopping () {
    this.#stopping = true
  }

  /**
   * The nodes of a deploy are there; what those before them still had, and did not hold, is gone.
   * @param {(node: Node) => boolean} isThere
   * @param {(id: string) => boolean} goesOn whether a node goes on with what was held before it was there
   */
  deployed (isThere, goesOn) {
    this.#stopping = false
    for (const [run, nodes] of this.#whileStopping) if (![...nodes].every(isThere)) run.cutOff = DEPLOYED
    this.#whileStopping.clear()
    const now = Date.now()
    for (const run of this.#runs.values()) {
      if (run.status === 'running' && run.giveUp(isThere, DEPLOYED, now, goesOn)) this.#changed(run)
    }
  }

  /** Somebody may want to end this run: ask at once. @param {string} id */
  ask (id) {
    const run = this.#run(id)
    if (!run) return
    this.#changed(run)
    this.tell()
  }

  /** Returns when the end of a run was told. @param {string} id @returns {Promise<void>} */
  async endTold (id) {
    const run = this.#run(id)
    if (!run || (run.finishedAt !== null && !this.#untold.has(id))) return
    await new Promise(resolve => this.#endings.set(id, [...this.#endings.get(id) ?? [], () => resolve(undefined)]))
  }

  /** Tells what changed; does nothing while it is being told. What changes meanwhile waits for the next round, with others. */
  async tell () {
    if (this.#telling || !(this.#untold.size || this.#aliveDue)) return
    this.#telling = true
    try {
      while (await this.#tellSome()) if (this.#untold.size < AT_ONCE) break
    } finally {
      this.#telling = false
    }
  }

  /** Ends what runs and tells it, at the end of the process; but what nodes hold goes on in the next one. */
  async close () {
    for (const timer of this.#timers) clearInterval(timer)
    for (const run of this.#whileStopping.keys()) run.cutOff = STOPPED
    const now = Date.now()
    for (const run of this.#runs.values()) {
      if (run.status !== 'running' || run.isLeft) continue
      if (run.quietSince === null || run.cutOff) run.cancel(STOPPED, now)
      else run.end(run.quietSince)
      this.#changed(run)
    }
    const until = now + LAST_WORDS
    while (this.#untold.size && Date.now() < until) if (!await this.#tellSome({ timeout: until - Date.now() })) break
  }

  /** @param {{timeout: number}} [options] */
  async #tellSome (options) {
    const told = [...this.#untold.values()].slice(0, AT_ONCE).map(run => ({ run, version: run.version }))
    const alive = this.#aliveDue ? this.#namesOfRunning() : []
    const leftOut = this.#leftOut
    try {
      const { cancel } = await this.#tell({ runs: told.map(({ run }) => run.report()), alive, left_out: leftOut }, options)
      for (const { run, version } of told) if (run.version === version) this.#toldOf(run)
      this.#leftOut -= leftOut
      for (const id of cancel) this.#cancel(id)
      return true
    } catch {
      return false // the bridge is away; the next round tells it
    }
  }

  /** @param {Run} run */
  #toldOf (run) {
    this.#untold.delete(run.id)
    if (run.finishedAt === null) return
    for (const tell of this.#endings.get(run.id) ?? []) tell()
    this.#endings.delete(run.id)
  }

  get #aliveDue () {
    return this.#runs.size > 0 && Date.now() - this.#aliveAt >= ALIVE_EVERY
  }

  #namesOfRunning () {
    this.#aliveAt = Date.now()
    return [...this.#runs.values()].filter(run => run.status === 'running').map(run => run.id).slice(0, 10_000)
  }

  /** Ends runs in which nothing is left to do, and forgets those that ended some time ago. */
  #look () {
    if (this.#stopping) return
    const now = Date.now()
    for (const run of this.#runs.values()) {
      if (run.finishedAt !== null) {
        if (now - run.finishedAt > RESUMABLE || this.#runs.size > REMEMBERED) this.#forget(run.id)
      } else if (run.quietSince !== null && now - run.quietSince >= LOOK_EVERY) {
        if (run.cutOff) run.cancel(run.cutOff, run.quietSince)
        else run.end(run.quietSince)
        this.#changed(run)
      } else if (now - run.touchedAt > STUCK) {
        run.giveUp(() => false, SILENT, now)
      }
    }
  }

  /** @param {string} id */
  #forget (id) {
    this.#runs.delete(id)
    this.#endings.delete(id)
  }

  /** @param {string} id */
  #cancel (id) {
    const run = this.#run(id)
    if (run?.status !== 'running') return
    run.cancel(null, Date.now())
    this.#changed(run)
  }

  /** @param {string | undefined} id */
  #run (id) {
    return id === undefined ? undefined : this.#runs.get(id)
  }

  /** @param {Run} run */
  #changed (run) {
    run.touchedAt = Date.now()
    this.#untold.set(run.id, run)
    if (this.#untold.size <= UNTOLD) return
    const [oldest] = this.#untold.keys()
    this.#untold.delete(oldest)
    this.#leftOut++
  }
}

module.exports = { Tracker }

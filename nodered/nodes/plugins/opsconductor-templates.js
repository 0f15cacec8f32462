/** OpsConductor's templates in the Import dialog, by category, as the person in the editor sees them. Nothing is saved there. */
'use strict'

const { own } = require('../lib/instance')
const { ticketNow } = require('../lib/person')

/** @typedef {{id: string, name: string}} Row */
/** @typedef {{items: Row[], next_cursor: string | null}} Page */
/** @typedef {Record<string, unknown> & {type: string}} Node */

/** Node-RED's own separator of folders, which no name may have in it there. */
const SLASH = /\//g

class Templates {
  async init () {}

  /**
   * Answers the dialog: categories, names in one, or the flow itself.
   * @param {string} type of what is asked for; only flows are kept here
   * @param {string} path
   * @returns {Promise<unknown>}
   */
  async getEntry (type, path) {
    const access = own()
    if (type !== 'flows' || !access) return []
    const ask = access.asPerson(ticketNow())
    const [category, name] = path.split('/').filter(Boolean)
    const { categories } = await ask('template-categories')
    const folders = Object.keys(categories)
    if (!category) return folders.map(shown)
    const chosen = folders.find(one => shown(one) === category)
    const rows = chosen === undefined ? [] : named(await rowsOf(ask, chosen))
    if (!name) return rows.map(({ label }) => ({ fn: label }))
    const found = rows.find(({ label }) => label === name)
    if (!found) throw Object.assign(new Error(`There is no template "${name}".`), { code: 'not_found' })
    const { nodes } = await ask(`templates/${found.id}/download`, {}, {})
    return JSON.stringify(nodes.map(switchedOff))
  }
}

/** @param {import('../lib/dialogs').Ask} ask @param {string} category @returns {Promise<Row[]>} */
async function rowsOf (ask, category) {
  const rows = []
  let cursor = ''
  do {
    /** @type {Page} */
    const page = await ask('templates', { category, ...(cursor && { cursor }) })
    rows.push(...page.items)
    cursor = page.next_cursor ?? ''
  } while (cursor)
  return rows
}

/** Gives each template a label of its own, also where two have one name. @param {Row[]} rows */
function named (rows) {
  /** @type {Map<string, number>} */
  const seen = new Map()
  return rows.map(({ id, name }) => {
    const label = shown(name)
    const count = (seen.get(label) ?? 0) + 1
    seen.set(label, count)
    return { id, label: count > 1 ? `${label} (${count})` : label }
  })
}

/** @param {string} name */
function shown (name) {
  return name.replace(SLASH, '∕')
}

/** A tab waits until somebody has set it. @param {Node} node */
function switchedOff (node) {
  return node.type === 'tab' ? { ...node, disabled: true } : node
}

/** @param {import('../lib/node-red').RED} RED */
module.exports = RED => {
  RED.plugins.registerPlugin('opsconductor-templates', { type: 'node-red-library-source', class: Templates })
}

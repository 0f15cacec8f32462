/**
 * Says what node packages are in a palette folder, without running any of their code: printed as JSON, for the command that adds one.
 * Called with that folder; types are found in the pages of nodes, as Node-RED itself finds them.
 */
'use strict'

const { existsSync, readdirSync, readFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
const semver = require('semver')

const TYPE = /<script (?:[^>]*)data-template-name\s*=\s*['"]([^'"]*)['"]/gi
const OURS = join(__dirname, '..', 'nodes')

/** @param {string} path @returns {any} */
function json (path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

/** @param {string} page @returns {string[]} */
function typesIn (page) {
  return existsSync(page) ? [...readFileSync(page, 'utf8').matchAll(TYPE)].map(([, type]) => type) : []
}

/** The folders of packages in a node_modules. @param {string} modules @returns {string[]} */
function packagesIn (modules) {
  if (!existsSync(modules)) return []
  const names = readdirSync(modules).filter(name => !name.startsWith('.'))
  const folders = names.flatMap(name => name.startsWith('@') ? readdirSync(join(modules, name)).map(one => join(modules, name, one)) : join(modules, name))
  return folders.filter(folder => existsSync(join(folder, 'package.json')))
}

/** @param {string} folder of a package */
function typesOf (folder) {
  const { nodes = {} } = json(join(folder, 'package.json'))['node-red'] ?? {}
  return Object.values(nodes).flatMap(file => typesIn(join(folder, String(file).replace(/\.[^.]+$/, '.html'))))
}

/** @param {string} folder @returns {string[]} types of all pages below a folder */
function typesBelow (folder) {
  const pages = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(name => name.endsWith('.html'))
  return pages.flatMap(name => typesIn(join(folder, name)))
}

/** @param {string} range @param {string} version */
function fits (range, version) {
  return !range || semver.satisfies(version, range, { includePrerelease: true })
}

/** @param {string} folder */
function main (folder) {
  const core = join(dirname(require.resolve('@node-red/nodes/package.json')), 'core')
  const { version } = json(require.resolve('node-red/package.json'))
  const found = packagesIn(join(folder, 'node_modules')).flatMap(place => {
    const { name, version: own, engines = {}, 'node-red': nodes } = json(join(place, 'package.json'))
    const wanted = nodes?.version ?? ''
    const needs = [...(fits(wanted, version) ? [] : [`Node-RED ${wanted}`]), ...(fits(engines.node, process.version) ? [] : [`Node.js ${engines.node}`])]
    return [{ name, version: own, isNodes: Boolean(nodes?.nodes), types: typesOf(place), needs }]
  })
  process.stdout.write(JSON.stringify({ taken: [...typesBelow(core), ...typesOf(OURS)], packages: found }))
}

main(process.argv[2])

/** What of a message the placeholders of a text ask for: only that is sent, not the whole message. */
'use strict'

const PLACEHOLDER = /\{\{\s*([A-Za-z_][\w-]*(?:\.[\w-]+)*)\s*\}\}/g

/**
 * Returns the values of all placeholders, in the places they are asked for. What the message does not have is left out:
 * the refusal that follows names it.
 * @param {string[]} texts
 * @param {any} msg
 */
function dataFor (texts, msg) {
  const data = Object.create(null)
  const names = new Set(texts.flatMap(text => [...text.matchAll(PLACEHOLDER)].map(([, name]) => name)))
  // The shorter first: an inner value is a part of what an outer one has brought already.
  for (const name of [...names].sort((one, other) => one.length - other.length)) put(data, name.split('.'), valueAt(msg, name.split('.')))
  return data
}

/** @param {any} value @param {string[]} path */
function valueAt (value, path) {
  return path.reduce((found, part) => found !== null && typeof found === 'object' && Object.hasOwn(found, part) ? found[part] : undefined, value)
}

/** @param {any} data @param {string[]} path @param {any} value */
function put (data, path, value) {
  if (value === undefined) return
  const inner = path.slice(0, -1)
  let place = data
  for (const part of inner) {
    if (!Object.hasOwn(place, part)) place[part] = Object.create(null)
    place = place[part]
  }
  const last = path[path.length - 1]
  if (!Object.hasOwn(place, last)) place[last] = value
}

module.exports = { dataFor }

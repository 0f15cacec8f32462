/** The configuration of a node as it was saved: brought up to date step by step, then checked. */
'use strict'

/** @typedef {Record<string, any>} Config */
/** @typedef {{version: number, up: (config: Config) => Config}} Migration */

/** The configuration can't work; said once in the log and at each message. */
class ConfigError extends Error {}

/**
 * Returns a saved configuration as the newest version has it. Nodes written by hand have no version.
 * @param {Config} saved
 * @param {Migration[]} migrations in order of their versions
 */
function upToDate (saved, migrations) {
  const newest = migrations.at(-1)?.version ?? 0
  const version = saved.version ?? 0
  if (version > newest) throw new ConfigError(`This node was saved by a newer version of OpsConductor (${version}, known is ${newest}).`)
  return migrations.filter(step => step.version > version).reduce((config, step) => ({ ...step.up(config), version: step.version }), saved)
}

/**
 * Returns a setting as a number, or says what is wrong with it.
 * @param {unknown} value
 * @param {{name: string, least: number, most: number, whole?: boolean}} limits
 */
function numberOf (value, { name, least, most, whole = false }) {
  const number = typeof value === 'string' && value.trim() === '' ? NaN : Number(value)
  if (!Number.isFinite(number) || number < least || number > most || (whole && !Number.isInteger(number))) {
    throw new ConfigError(`${name} must be a ${whole ? 'whole ' : ''}number from ${least} to ${most}, not "${value}".`)
  }
  return number
}

/**
 * Returns a setting that is one of a few words, or says what is wrong with it.
 * @template {string} T
 * @param {unknown} value
 * @param {readonly T[]} words
 * @param {string} name
 * @returns {T}
 */
function oneOf (value, words, name) {
  const found = words.find(word => word === value)
  if (found === undefined) throw new ConfigError(`${name} must be one of ${words.join(', ')}, not "${value}".`)
  return found
}

/**
 * Returns a setting as a text of a certain form, or says what is wrong with it.
 * @param {unknown} value
 * @param {RegExp} form
 * @param {string} name
 * @param {string} words what it must be
 */
function wordOf (value, form, name, words) {
  const text = String(value ?? '').trim()
  if (!form.test(text)) throw new ConfigError(`${name} must be ${words}, not "${text}".`)
  return text
}

/** Returns the id of something that was chosen in the dialog. @param {unknown} value @param {string} name */
function idOf (value, name) {
  return wordOf(value, /^[0-9a-f-]{36}$/i, name, 'chosen from the list')
}

module.exports = { ConfigError, idOf, numberOf, oneOf, upToDate, wordOf }

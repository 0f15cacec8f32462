/** What an execution does. Its actions come as they were stored, so each value is looked at before it is used. */
import i18next from 'i18next'
import type { Action, Execution } from '@/api/types'
import { ClockIcon, FileIcon, HeartIcon, type Icon, RunIcon, ScriptIcon } from '@/components/icons'
import { listOf, numberOf, record, textOf } from '@/lib/json'
import { duration } from '@/lib/time'

export const actionTypes = ['command', 'script', 'file_transfer', 'wait', 'health_check'] as const
export type ActionType = Action['action_type']

export const actionIcons: Record<ActionType, Icon> = {
  command: RunIcon,
  script: ScriptIcon,
  file_transfer: FileIcon,
  wait: ClockIcon,
  health_check: HeartIcon,
}

// What the API calls actions that were given no name; what they do says more.
const NO_NAMES = ['Execute Command', 'Run Script', 'Transfer Files', 'Wait', 'Check Health']

export const checkNames = ['latency_ms', 'disk_percent', 'memory_percent', 'load_per_cpu'] as const
export type CheckName = (typeof checkNames)[number]

export interface ShownAction {
  type: ActionType
  /** What it is called, else what it does, on one line. */
  label: string
  /** The name that somebody gave it; empty for others. */
  name: string
  /** The command or the script; empty for others. */
  code: string
  parameters: Record<string, unknown>
}

export function actionsOf({ actions }: Pick<Execution, 'actions'>): ShownAction[] {
  return actions.map((action) => shownAction(record(action)))
}

export function shownAction(action: Record<string, unknown>): ShownAction {
  const type = typeOf(action.action_type)
  const parameters = record(action.action_parameters)
  const code = codeOf(type, parameters)
  const name = givenName(action.action_name)
  return { type, name, label: name || deedOf(type, code, parameters), code, parameters }
}

function codeOf(type: ActionType, parameters: Record<string, unknown>): string {
  if (type === 'file_transfer') return ''
  return textOf(type === 'script' ? parameters.content : parameters.command)
}

export function typeOf(value: unknown): ActionType {
  return actionTypes.find((type) => type === value) ?? 'command'
}

/** The name that somebody gave an action, if anybody did. */
export function givenName(value: unknown): string {
  const name = textOf(value)
  return NO_NAMES.includes(name) ? '' : name
}

// Lines of a script that do nothing yet: comments, and how its shell is to behave.
const PREPARES = /^(#|set [-+])/

function deedOf(type: ActionType, code: string, parameters: Record<string, unknown>): string {
  if (type === 'file_transfer')
    return parameters.direction === 'download'
      ? i18next.t('actions.names.fetch', { path: textOf(parameters.path) })
      : i18next.t('actions.names.send', { path: textOf(parameters.destination) })
  if (type === 'health_check') return i18next.t('actions.names.health')
  if (type === 'wait')
    return parameters.until === 'reachable'
      ? i18next.t('actions.names.waitReachable')
      : i18next.t('actions.names.wait', { time: seconds(parameters.seconds) })
  const lines = code.split('\n').map((line) => line.trim())
  return lines.find((line) => line !== '' && !PREPARES.test(line)) ?? lines[0] ?? ''
}

function seconds(value: unknown): string {
  const count = numberOf(value)
  return count === undefined ? '' : duration(count * 1000)
}

type SettingName =
  | 'interpreter'
  | 'arguments'
  | 'timeout'
  | 'retry_count'
  | 'idempotent'
  | 'continue_on_failure'
  | 'expected_exit_codes'
  | 'working_directory'
  | 'environment'
  | 'become_user'
  | 'services'
  | 'mode'
  | 'unpack'
  | 'create_directories'
  | 'recursive'
  | CheckName

/** How an action differs from what it would do without any settings, as names and values; `true` needs no value. */
export function settingsOf({ type, parameters }: ShownAction): [SettingName, string | true][] {
  const codes = listOf(parameters.expected_exit_codes).map(String).join(', ')
  const usual = type === 'wait' ? 600 : type === 'file_transfer' ? 300 : 30
  const timeout = numberOf(parameters.timeout)
  const timed = type !== 'wait' || parameters.until === 'reachable'
  const found: [SettingName, string | true | undefined | false][] = [
    ['interpreter', textOf(parameters.interpreter)],
    ['arguments', listOf(parameters.arguments).map(String).join(' ')],
    ['timeout', timed && timeout !== undefined && timeout !== usual && duration(timeout * 1000)],
    ['retry_count', String(numberOf(parameters.retry_count) || '')],
    ['idempotent', parameters.idempotent === true],
    ['continue_on_failure', parameters.continue_on_failure === true],
    ['expected_exit_codes', codes !== '0' && codes],
    ['working_directory', textOf(parameters.working_directory)],
    ['environment', Object.keys(record(parameters.environment)).join(', ')],
    ['mode', textOf(parameters.mode)],
    ['unpack', parameters.unpack === true],
    ['create_directories', parameters.create_directories === true],
    ['recursive', parameters.recursive === true],
    ['become_user', textOf(record(parameters.become).user)],
    ['services', listOf(parameters.services).map(String).join(', ')],
  ]
  for (const name of checkNames) found.push([name, limitsText(parameters[name])])
  return found.filter((row): row is [SettingName, string | true] => Boolean(row[1]))
}

function limitsText(value: unknown): string {
  const { warning, critical } = record(value)
  return warning === undefined ? '' : `${warning} / ${critical}`
}

/** The name of a setting as it is shown. */
export function settingLabel(name: SettingName): string {
  const check = checkNames.find((candidate) => candidate === name)
  return check
    ? i18next.t(`actions.checks.${check}`)
    : i18next.t(`actions.${name as Exclude<SettingName, CheckName>}`)
}

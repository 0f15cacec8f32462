/** What the form holds, and how it becomes a request. A figure that may be left out is '' then, as its field has it. */
import type { Action, Execution, NewExecution, ParameterDefinition, Strategy } from '@/api/types'
import { type ActionType, type CheckName, checkNames, givenName, typeOf } from '@/features/executions/actions'
import type { ParameterValue, ParameterValues } from '@/features/scripts/values'
import { listOf, numberOf, record, textOf } from '@/lib/json'
import { uuid } from '@/lib/random'

export type Figure = number | string
export type Mode = NonNullable<NewExecution['mode']>
export type Order = NonNullable<Strategy['order']>

export const LONGEST = 86_400 // s
export const LONGEST_DEADLINE = 7 * LONGEST // s
export const MOST_RETRIES = 10
export const MOST_ACTIONS = 50
const USUAL_TIMEOUT: Record<ActionType, number> = {
  command: 30,
  script: 30,
  file_transfer: 300,
  wait: 600,
  health_check: 30,
} // s

export interface Limits {
  warning: Figure
  critical: Figure
}

export interface Variable {
  name: string
  value: string
}

/** An action of any kind: what other kinds need is kept while somebody tries one. */
export interface ActionValues {
  /** Of the form alone: it stays with the action wherever that is moved. */
  key: string
  type: ActionType
  name: string
  command: string
  /** Whether the script is one that is kept here, not a text. */
  stored: boolean
  script_id: string | null
  content: string
  interpreter: string
  arguments: string[]
  direction: 'upload' | 'download'
  source: 'file' | 'text'
  file_id: string | null
  text: string
  destination: string
  mode: string
  unpack: boolean
  create_directories: boolean
  path: string
  recursive: boolean
  wait_for: 'seconds' | 'reachable'
  seconds: Figure
  checks: Record<CheckName, Limits>
  services: string[]
  timeout: Figure
  retry_count: Figure
  idempotent: boolean
  continue_on_failure: boolean
  expected_exit_codes: string[]
  working_directory: string
  environment: Variable[]
  become: boolean
  become_user: string
}

export interface StrategyValues {
  parallelism: Figure
  canary: string
  batch_size: string
  pause_between_batches: boolean
  max_failures: string
  order: Order
  target_seconds: Figure
  deadline_seconds: Figure
  priority: Figure
}

export interface RunValues {
  name: string
  actions: ActionValues[]
  strategy: StrategyValues
  mode: Mode
  /** What an earlier run asked for; what stored scripts ask for comes from these. */
  parameters: ParameterDefinition[]
  values: ParameterValues
}

export function newAction(type: ActionType = 'command'): ActionValues {
  const open: Limits = { warning: '', critical: '' }
  return {
    key: uuid(),
    type,
    name: '',
    command: '',
    stored: false,
    script_id: null,
    content: '',
    interpreter: '',
    arguments: [],
    direction: 'upload',
    source: 'file',
    file_id: null,
    text: '',
    destination: '',
    mode: '',
    unpack: false,
    create_directories: false,
    path: '',
    recursive: false,
    wait_for: 'seconds',
    seconds: 30,
    checks: { latency_ms: open, disk_percent: open, memory_percent: open, load_per_cpu: open },
    services: [],
    timeout: USUAL_TIMEOUT[type],
    retry_count: 0,
    idempotent: false,
    continue_on_failure: false,
    expected_exit_codes: ['0'],
    working_directory: '',
    environment: [],
    become: false,
    become_user: 'root',
  }
}

/** The action as another kind; a time limit that nobody chose becomes that kind's own. */
export function asKind(action: ActionValues, type: ActionType): ActionValues {
  const usual = action.timeout === USUAL_TIMEOUT[action.type]
  return { ...action, type, timeout: usual ? USUAL_TIMEOUT[type] : action.timeout }
}

const NO_STRATEGY: StrategyValues = {
  parallelism: '',
  canary: '',
  batch_size: '',
  pause_between_batches: false,
  max_failures: '',
  order: 'given',
  target_seconds: '',
  deadline_seconds: '',
  priority: 0,
}

/** Return a run with one command to be written, or with a script that is kept here. */
export function emptyRun(scriptId?: string): RunValues {
  return {
    name: '',
    actions: [scriptId ? { ...newAction('script'), stored: true, script_id: scriptId } : newAction()],
    strategy: NO_STRATEGY,
    mode: 'attached',
    parameters: [],
    values: {},
  }
}

export function executionOf(values: RunValues, targetIds: string[]): NewExecution {
  const strategy = strategyOf(values.strategy)
  return {
    name: values.name.trim(),
    target_ids: targetIds,
    actions: values.actions.map(actionOf),
    ...(Object.keys(strategy).length > 0 ? { strategy } : {}),
    ...(values.mode === 'attached' ? {} : { mode: values.mode }),
    ...(values.parameters.length > 0 ? { parameters: values.parameters } : {}),
    ...(Object.keys(values.values).length > 0 ? { values: values.values } : {}),
  }
}

export function actionOf(values: ActionValues): Action {
  const name = values.name.trim() ? { action_name: values.name.trim() } : {}
  const common = commonOf(values)
  switch (values.type) {
    case 'command':
      return {
        action_type: 'command',
        ...name,
        action_parameters: { command: values.command, ...common, ...programOf(values) },
      }
    case 'script':
      return {
        action_type: 'script',
        ...name,
        action_parameters: { ...scriptOf(values), ...common, ...programOf(values) },
      }
    case 'file_transfer':
      return {
        action_type: 'file_transfer',
        ...name,
        action_parameters: { ...transferOf(values), ...common },
      }
    case 'wait':
      return { action_type: 'wait', ...name, action_parameters: waitOf(values) }
    case 'health_check':
      return { action_type: 'health_check', ...name, action_parameters: { ...common, ...healthOf(values) } }
  }
}

/** Settings that were changed; an empty field means what it means everywhere: as if it were not there. */
function commonOf({ timeout, retry_count, idempotent, continue_on_failure }: ActionValues) {
  return {
    ...optional('timeout', figure(timeout)),
    ...optional('retry_count', figure(retry_count)),
    ...optional('idempotent', idempotent || undefined),
    ...optional('continue_on_failure', continue_on_failure || undefined),
  }
}

function programOf(values: ActionValues) {
  const codes = values.expected_exit_codes.map(Number)
  const variables = values.environment.filter(({ name, value }) => name !== '' || value !== '')
  return {
    ...optional('working_directory', values.working_directory || undefined),
    ...optional(
      'environment',
      variables.length > 0
        ? Object.fromEntries(variables.map(({ name, value }) => [name, value]))
        : undefined,
    ),
    ...optional('become', values.become ? { method: 'sudo' as const, user: values.become_user } : undefined),
    ...optional('expected_exit_codes', codes.join() === '0' ? undefined : codes),
  }
}

function scriptOf({ stored, script_id, content, interpreter, arguments: given }: ActionValues) {
  return {
    ...(stored ? { script_id } : { content }),
    ...optional('interpreter', interpreter.trim() || undefined),
    ...optional('arguments', given.length > 0 ? given : undefined),
  }
}

function transferOf(values: ActionValues) {
  if (values.direction === 'download')
    return {
      direction: 'download' as const,
      path: values.path,
      ...optional('recursive', values.recursive || undefined),
    }
  const file = values.source === 'file'
  return {
    direction: 'upload' as const,
    ...(file ? { file_id: values.file_id } : { content: values.text }),
    destination: values.destination,
    ...optional('mode', values.mode.trim() || undefined),
    ...optional('unpack', (file && values.unpack) || undefined),
    ...optional('create_directories', values.create_directories || undefined),
  }
}

function waitOf(values: ActionValues) {
  const { continue_on_failure, timeout } = commonOf(values)
  const common = optional('continue_on_failure', continue_on_failure)
  if (values.wait_for === 'reachable')
    return { until: 'reachable' as const, ...optional('timeout', timeout), ...common }
  const seconds = figure(values.seconds) ?? 0
  // The time limit has to be longer than the time that is waited.
  const longer = seconds < USUAL_TIMEOUT.wait ? undefined : Math.min(LONGEST, seconds + 60)
  return { seconds, ...optional('timeout', longer), ...common }
}

function healthOf({ checks, services }: ActionValues) {
  const wanted = checkNames.flatMap((name) => {
    const warning = figure(checks[name].warning)
    const critical = figure(checks[name].critical)
    return warning === undefined || critical === undefined ? [] : [[name, { warning, critical }] as const]
  })
  return {
    ...Object.fromEntries(wanted),
    ...optional('services', services.length > 0 ? services : undefined),
  }
}

function strategyOf(values: StrategyValues): Strategy {
  return {
    ...optional('parallelism', figure(values.parallelism)),
    ...optional('canary', amount(values.canary)),
    ...optional('batch_size', amount(values.batch_size)),
    ...optional('pause_between_batches', values.pause_between_batches || undefined),
    ...optional('max_failures', amount(values.max_failures)),
    ...optional('order', values.order === 'given' ? undefined : values.order),
    ...optional('target_seconds', figure(values.target_seconds)),
    ...optional('deadline_seconds', figure(values.deadline_seconds)),
    ...optional('priority', figure(values.priority) || undefined),
  }
}

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [N in Name]?: Value } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: Value }
}

export function figure(value: Figure): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** A number of targets or a share of them, however it is spaced. */
function amount(text: string): number | string | undefined {
  const plain = text.replaceAll(' ', '')
  if (plain === '') return undefined
  return plain.endsWith('%') ? plain : Number(plain)
}

/** What an earlier execution did, to do it once more or differently. */
export function runOf({ name, actions, strategy, mode, parameters }: Execution): RunValues {
  const definitions = listOf(parameters.definitions) as ParameterDefinition[]
  return {
    name,
    actions: actions.map((action) => actionValuesOf(record(action))),
    strategy: strategyValuesOf(record(strategy)),
    mode,
    parameters: definitions,
    values: knownValues(definitions, record(parameters.values)),
  }
}

/** Values as they were given; secret ones have to be typed again. */
function knownValues(definitions: ParameterDefinition[], given: Record<string, unknown>): ParameterValues {
  const known = definitions.filter(({ name, type }) => type !== 'secret' && name in given)
  return Object.fromEntries(known.map(({ name }) => [name, given[name] as ParameterValue]))
}

function actionValuesOf(sent: Record<string, unknown>): ActionValues {
  const type = typeOf(sent.action_type)
  const given = record(sent.action_parameters)
  const usual = newAction(type)
  const codes = listOf(given.expected_exit_codes).map(String)
  const become = textOf(record(given.become).user)
  return {
    ...usual,
    name: givenName(sent.action_name),
    command: textOf(given.command),
    content: type === 'script' ? textOf(given.content) : '',
    interpreter: textOf(given.interpreter),
    arguments: listOf(given.arguments).map(String),
    direction: given.direction === 'download' ? 'download' : 'upload',
    source: type === 'file_transfer' && typeof given.content === 'string' ? 'text' : 'file',
    file_id: textOf(given.file_id) || null,
    text: type === 'file_transfer' ? textOf(given.content) : '',
    destination: textOf(given.destination),
    mode: textOf(given.mode),
    unpack: given.unpack === true,
    create_directories: given.create_directories === true,
    path: textOf(given.path),
    recursive: given.recursive === true,
    wait_for: given.until === 'reachable' ? 'reachable' : 'seconds',
    seconds: numberOf(given.seconds) ?? usual.seconds,
    checks: Object.fromEntries(
      checkNames.map((check) => [check, limitsOf(given[check])]),
    ) as ActionValues['checks'],
    services: listOf(given.services).map(String),
    timeout: numberOf(given.timeout) ?? usual.timeout,
    retry_count: numberOf(given.retry_count) ?? 0,
    idempotent: given.idempotent === true,
    continue_on_failure: given.continue_on_failure === true,
    expected_exit_codes: codes.length > 0 ? codes : usual.expected_exit_codes,
    working_directory: textOf(given.working_directory),
    environment: Object.entries(record(given.environment)).map(([key, value]) => ({
      name: key,
      value: textOf(value),
    })),
    become: become !== '',
    become_user: become || usual.become_user,
  }
}

function limitsOf(value: unknown): Limits {
  const { warning, critical } = record(value)
  return { warning: numberOf(warning) ?? '', critical: numberOf(critical) ?? '' }
}

function strategyValuesOf(given: Record<string, unknown>): StrategyValues {
  const text = (value: unknown) => (value === undefined || value === null ? '' : String(value))
  return {
    parallelism: numberOf(given.parallelism) ?? '',
    canary: text(given.canary),
    batch_size: text(given.batch_size),
    pause_between_batches: given.pause_between_batches === true,
    max_failures: text(given.max_failures),
    order: given.order === 'name' || given.order === 'random' ? given.order : 'given',
    target_seconds: numberOf(given.target_seconds) ?? '',
    deadline_seconds: numberOf(given.deadline_seconds) ?? '',
    priority: numberOf(given.priority) ?? 0,
  }
}

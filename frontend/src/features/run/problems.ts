/** What is not right with the form, by field: found here before anything is sent, or told by the API. */
import i18next from 'i18next'
import { isApiError } from '@/api/errors'
import { checkNames } from '@/features/executions/actions'
import {
  type ActionValues,
  type Figure,
  figure,
  LONGEST,
  LONGEST_DEADLINE,
  MOST_RETRIES,
  type RunValues,
  type StrategyValues,
} from './values'

export type Problems = Record<string, string>

const AMOUNT = /^(\d{1,4}|10000|(100|[1-9]?\d(\.\d{1,2})?)%)$/
const OCTAL = /^(0?[0-7]{3,4})?$/
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

export function problemsOf({ actions, strategy }: RunValues): Problems {
  const found: Problems = strategyProblems(strategy)
  actions.forEach((action, index) => {
    for (const [field, problem] of Object.entries(actionProblems(action)))
      found[`actions.${index}.${field}`] = problem
  })
  return found
}

function actionProblems(action: ActionValues): Problems {
  switch (action.type) {
    case 'command':
      return { ...needed('command', action.command), ...programProblems(action) }
    case 'script':
      return {
        ...(action.stored ? needed('script_id', action.script_id ?? '') : needed('content', action.content)),
        ...programProblems(action),
      }
    case 'file_transfer':
      return { ...transferProblems(action), ...attemptProblems(action) }
    case 'wait':
      return action.wait_for === 'seconds'
        ? range('seconds', action.seconds, 0, LONGEST - 1)
        : range('timeout', action.timeout, 1, LONGEST)
    case 'health_check':
      return { ...limitProblems(action), ...attemptProblems(action) }
  }
}

function transferProblems(action: ActionValues): Problems {
  if (action.direction === 'download') return needed('path', action.path)
  return {
    ...(action.source === 'file' ? needed('file_id', action.file_id ?? '') : {}),
    ...needed('destination', action.destination),
    ...(OCTAL.test(action.mode.trim()) ? {} : { mode: i18next.t('run.octal') }),
  }
}

function attemptProblems({ timeout, retry_count }: ActionValues): Problems {
  return { ...range('timeout', timeout, 1, LONGEST), ...range('retry_count', retry_count, 0, MOST_RETRIES) }
}

function programProblems(action: ActionValues): Problems {
  const codes = action.expected_exit_codes
  const good = codes.length > 0 && codes.every((code) => /^\d{1,10}$/.test(code))
  return {
    ...attemptProblems(action),
    ...(good ? {} : { expected_exit_codes: i18next.t('run.exitCodes') }),
    ...(action.become ? needed('become_user', action.become_user) : {}),
    ...variableProblems(action),
  }
}

function variableProblems({ environment }: ActionValues): Problems {
  const found: Problems = {}
  const names = new Set<string>()
  environment.forEach(({ name, value }, index) => {
    if (name === '' && value === '') return
    if (!VARIABLE.test(name)) found[`environment.${index}.name`] = i18next.t('run.variableName')
    else if (names.has(name)) found[`environment.${index}.name`] = i18next.t('run.twice', { name })
    names.add(name)
  })
  return found
}

function limitProblems({ checks }: ActionValues): Problems {
  const bad = checkNames.filter((name) => {
    const { warning, critical } = checks[name]
    if (warning === '' && critical === '') return false
    const [from, to] = [figure(warning) ?? 0, figure(critical) ?? 0]
    return from <= 0 || to < from
  })
  return Object.fromEntries(bad.map((name) => [`checks.${name}`, i18next.t('run.thresholds')]))
}

function strategyProblems(values: StrategyValues): Problems {
  const amounts = (['canary', 'batch_size', 'max_failures'] as const).filter((name) => {
    const text = values[name].replaceAll(' ', '')
    return text !== '' && !AMOUNT.test(text)
  })
  return {
    ...Object.fromEntries(amounts.map((name) => [`strategy.${name}`, i18next.t('run.amount')])),
    ...optionalRange('strategy.parallelism', values.parallelism, 1, 10_000),
    ...optionalRange('strategy.target_seconds', values.target_seconds, 1, LONGEST),
    ...optionalRange('strategy.deadline_seconds', values.deadline_seconds, 1, LONGEST_DEADLINE),
    ...range('strategy.priority', values.priority, -10, 10),
  }
}

function needed(field: string, text: string): Problems {
  return text.trim() ? {} : { [field]: i18next.t('common.required') }
}

function range(field: string, value: Figure, from: number, to: number): Problems {
  const number = figure(value)
  if (number !== undefined && number >= from && number <= to) return {}
  return { [field]: i18next.t('run.range', { from, to }) }
}

function optionalRange(field: string, value: Figure, from: number, to: number): Problems {
  return value === '' ? {} : range(field, value, from, to)
}

/** What the API says is not right, at the fields that the form has for it. */
export function told(error: unknown, { actions }: RunValues): Problems {
  if (!isApiError(error)) return {}
  const found: Problems = {}
  for (const { field, message } of error.fields) {
    const name = fieldOf(field, actions)
    if (name) found[name] ??= message.replace(/^Value error, /, '')
  }
  return found
}

// The API names the kind of an action on the way to its parameters, where the request was read as that kind.
const PARAMETER =
  /^actions\.(\d+)\.(?:(?:command|script|file_transfer|wait|health_check)\.)?action_parameters(?:\.(.+))?$/
const LISTS = ['arguments', 'services', 'expected_exit_codes']

function fieldOf(field: string, actions: ActionValues[]): string | undefined {
  const [first = '', second = ''] = field.split('.')
  if (first === 'strategy' || first === 'values') return `${first}.${second}`
  const [, place = '', parameter = ''] = PARAMETER.exec(field) ?? []
  const action = actions[Number(place)]
  if (!place || !action) return ['name', 'target_ids', 'mode'].find((known) => known === first)
  return `actions.${place}.${parameterField(parameter, action)}`
}

function parameterField(parameter: string, action: ActionValues): string {
  const [head = '', part = ''] = parameter.split('.')
  if (head === '') return action.type === 'wait' ? 'seconds' : 'name'
  if (head === 'content' && action.type === 'file_transfer') return 'text'
  if (head === 'become') return 'become_user'
  if (head === 'environment') return environmentField(part, action)
  if (checkNames.some((name) => name === head)) return `checks.${head}`
  return LISTS.includes(head) ? head : parameter
}

/** The row of the variable that is named; what is said of all of them stands at the first. */
function environmentField(name: string, { environment }: ActionValues): string {
  const row = environment.findIndex((variable) => variable.name === name)
  return `environment.${Math.max(0, row)}.name`
}

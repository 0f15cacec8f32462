/** What is wrong with a calendar before it is sent, and where the API's refusals belong. */
import i18next from 'i18next'
import { ApiError } from '@/api/errors'
import { type CalendarValues, MOST_MINUTES, minutesOf, type WindowValues } from './values'

type Problems = Record<string, string>

export function problemsOf(values: CalendarValues): Problems {
  const problems: Problems = {}
  if (!values.name.trim()) problems.name = i18next.t('common.required')
  if (!values.time_zone) problems.time_zone = i18next.t('common.required')
  if (values.scope === 'tags' && values.tags.length === 0) problems.tags = i18next.t('calendars.required')
  if (values.scope === 'targets' && values.target_ids.length === 0)
    problems.target_ids = i18next.t('calendars.required')
  if (values.windows.length === 0) problems.windows = i18next.t('calendars.required')
  for (const [index, window] of values.windows.entries()) {
    const [field, problem] = windowProblem(window)
    if (problem) problems[`windows.${index}.${field}`] = problem
  }
  return problems
}

function windowProblem(window: WindowValues): [field: string, problem: string | undefined] {
  if (window.type === 'once') return onceProblem(window)
  if (window.weekdays.length === 0) return ['weekdays', i18next.t('calendars.required')]
  if (!window.start) return ['start', i18next.t('common.required')]
  const minutes = minutesOf(window)
  return ['hours', minutes < 1 || minutes > MOST_MINUTES ? i18next.t('calendars.noLength') : undefined]
}

function onceProblem({ from, until }: WindowValues): [field: string, problem: string | undefined] {
  if (!from) return ['from', i18next.t('calendars.moment')]
  if (!until) return ['until', i18next.t('calendars.moment')]
  return ['until', until <= from ? i18next.t('calendars.endsBefore') : undefined]
}

const FIELD_OF: Record<string, string> = {
  'weekly.weekdays': 'weekdays',
  'weekly.start': 'start',
  'weekly.minutes': 'hours',
  'once.start': 'from',
  'once.end': 'until',
  once: 'until',
}
const WINDOW = /^windows\.(\d+)\.(.+)$/

/** The refusals of the API by the fields of the form. */
export function told(error: unknown): Problems {
  if (!(error instanceof ApiError)) return {}
  return Object.fromEntries(error.fields.map(({ field, message }) => [formField(field), message]))
}

function formField(field: string): string {
  const [, index, rest = ''] = WINDOW.exec(field) ?? []
  if (index === undefined) return field.split('.')[0] ?? field
  return `windows.${index}.${FIELD_OF[rest] ?? 'weekdays'}`
}

/** What the calendar form holds, and what is sent of it. */
import type { Calendar, CalendarWindow, NewCalendar, Weekday } from '@/api/types'
import { uuid } from '@/lib/random'

export const WEEKDAYS: Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
export const MOST_MINUTES = 7 * 24 * 60

/** A window in the form has the fields of both types, so that neither is lost when the other is looked at. */
export interface WindowValues {
  key: string
  type: CalendarWindow['type']
  weekdays: Weekday[]
  start: string
  hours: number
  minutes: number
  from: string
  until: string
}

export interface CalendarValues {
  name: string
  description: string
  kind: NewCalendar['kind']
  time_zone: string
  windows: WindowValues[]
  enabled: boolean
  scope: Calendar['scope']
  tags: string[]
  target_ids: string[]
  enforcement: Calendar['enforcement']
  at_end: Calendar['at_end']
}

export function aWindow(type: WindowValues['type'] = 'weekly'): WindowValues {
  const weekdays: Weekday[] = ['sat']
  return { key: uuid(), type, weekdays, start: '22:00', hours: 4, minutes: 0, from: '', until: '' }
}

export function emptyCalendar(): CalendarValues {
  return {
    name: '',
    description: '',
    kind: 'allow',
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    windows: [aWindow()],
    enabled: true,
    scope: 'all',
    tags: [],
    target_ids: [],
    enforcement: 'block',
    at_end: 'run_on',
  }
}

export function valuesOf(calendar: Calendar): CalendarValues {
  const { name, description, kind, time_zone, enabled, scope, tags, target_ids, enforcement, at_end } =
    calendar
  const facts = { name, description, kind, time_zone, enabled, scope, tags, target_ids, enforcement, at_end }
  return { ...facts, windows: calendar.windows.map(windowValues) }
}

function windowValues(window: CalendarWindow): WindowValues {
  if (window.type === 'once')
    return { ...aWindow('once'), from: toMinutes(window.start), until: toMinutes(window.end) }
  const { weekdays, start, minutes } = window
  return {
    ...aWindow(),
    weekdays,
    start: start.slice(0, 5),
    hours: Math.floor(minutes / 60),
    minutes: minutes % 60,
  }
}

/** As a field for a day and a time has it: without seconds. */
function toMinutes(wall: string): string {
  return wall.slice(0, 16)
}

export function minutesOf({ hours, minutes }: Pick<WindowValues, 'hours' | 'minutes'>): number {
  return hours * 60 + minutes
}

export function calendarOf(values: CalendarValues): NewCalendar {
  return {
    ...values,
    name: values.name.trim(),
    description: values.description.trim(),
    windows: values.windows.map(windowOf),
  }
}

export function windowOf(window: WindowValues): CalendarWindow {
  if (window.type === 'once') return { type: 'once', start: window.from, end: window.until }
  return { type: 'weekly', weekdays: window.weekdays, start: window.start, minutes: minutesOf(window) }
}

export interface Span {
  /** Minutes since midnight. */
  from: number
  to: number
}

const DAY = 24 * 60

/** The windows of every week as they lie on each day, from Monday on; those that go over midnight are cut there. */
export function weekOf(windows: CalendarWindow[]): Span[][] {
  const days: Span[][] = WEEKDAYS.map(() => [])
  for (const window of windows) {
    if (window.type !== 'weekly') continue
    const [hour = 0, minute = 0] = window.start.split(':').map(Number)
    for (const weekday of window.weekdays)
      lay(days, WEEKDAYS.indexOf(weekday), hour * 60 + minute, window.minutes)
  }
  return days.map(joined)
}

function lay(days: Span[][], day: number, from: number, minutes: number): void {
  const to = Math.min(from + minutes, DAY)
  days[day % 7]?.push({ from, to })
  const left = from + minutes - to
  if (left > 0) lay(days, day + 1, 0, left)
}

function joined(spans: Span[]): Span[] {
  const found: Span[] = []
  for (const span of spans.sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    if (last && span.from <= last.to) last.to = Math.max(last.to, span.to)
    else found.push({ ...span })
  }
  return found
}

/** "22:00", and "24:00" for the end of a day. */
export function clock(minutes: number): string {
  return `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

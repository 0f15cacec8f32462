import { expect, test } from 'vitest'
import type { CalendarWindow } from '@/api/types'
import { aCalendar } from '@/testing/data'
import { aWindow, calendarOf, clock, emptyCalendar, valuesOf, weekOf } from './values'
import { wallTime } from './wallTime'

function weekly(weekdays: string[], start: string, minutes: number): CalendarWindow {
  return { type: 'weekly', weekdays, start, minutes } as CalendarWindow
}

test('a window over midnight lies on both days, and over the end of the week on its first', () => {
  const week = weekOf([weekly(['fri', 'sun'], '22:00', 8 * 60)])

  expect(week.map((spans) => spans.map(({ from, to }) => `${clock(from)}-${clock(to)}`))).toEqual([
    ['00:00-06:00'],
    [],
    [],
    [],
    ['22:00-24:00'],
    ['00:00-06:00'],
    ['22:00-24:00'],
  ])
})

test('windows that touch are drawn as one, and those that are there once are not drawn', () => {
  const once: CalendarWindow = { type: 'once', start: '2026-12-24T18:00', end: '2026-12-27T06:00' }
  const week = weekOf([weekly(['mon'], '08:00', 120), weekly(['mon'], '10:00', 60), once])

  expect(week[0]).toEqual([{ from: 480, to: 660 }])
  expect(week.slice(1).flat()).toEqual([])
})

test('what a form holds of a calendar is what it was', () => {
  const calendar = aCalendar('night', {
    windows: [
      { type: 'weekly', weekdays: ['mon', 'fri'], start: '22:30:00', minutes: 275 },
      { type: 'once', start: '2036-12-24T18:00:00', end: '2036-12-27T06:00:00' },
    ],
  })
  const { windows, ...facts } = calendarOf(valuesOf(calendar))

  expect(calendar).toMatchObject(facts)
  expect(windows).toEqual([
    { type: 'weekly', weekdays: ['mon', 'fri'], start: '22:30', minutes: 275 },
    { type: 'once', start: '2036-12-24T18:00', end: '2036-12-27T06:00' },
  ])
})

test('a new calendar has one window, and blanks around a name are no part of it', () => {
  const sent = calendarOf({ ...emptyCalendar(), name: ' night ', windows: [aWindow()] })

  expect(sent.name).toBe('night')
  expect(sent.windows).toEqual([{ type: 'weekly', weekdays: ['sat'], start: '22:00', minutes: 240 }])
})

test('a time on the wall is that of its own zone, wherever it is read', () => {
  expect(wallTime('2026-11-28T22:00:00+05:45', 'en')).toBe('Sat, Nov 28, 2026, 22:00')
  expect(wallTime('2026-11-28T22:00:00Z', 'en')).toBe('Sat, Nov 28, 2026, 22:00')
})

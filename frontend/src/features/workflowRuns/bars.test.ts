import { expect, test } from 'vitest'
import { aRun, aRunStep } from '@/testing/data'
import { barOf } from './bars'

const at = (seconds: number) => new Date(Date.UTC(2026, 2, 1) + seconds * 1000).toISOString()
const step = (from: number, to: number | null) =>
  aRunStep('a step', { started_at: at(from), finished_at: to === null ? null : at(to) })

test('a bar lies where its step lies in the run', () => {
  const run = aRun('r', { started_at: at(0), completed_at: at(10), steps: [step(0, 10)] })

  expect(barOf(step(2, 7), run, 0)).toEqual({ left: 20, width: 50 })
})

test('a step that goes on reaches until now', () => {
  const run = aRun('r', { started_at: at(0), completed_at: null, steps: [step(5, null)] })

  expect(barOf(step(5, null), run, Date.parse(at(10)))).toEqual({ left: 50, width: 50 })
})

test('a step that took no time can still be seen, also at the end of the run', () => {
  const run = aRun('r', { started_at: at(0), completed_at: at(10), steps: [] })

  const { left, width } = barOf(step(10, 10), run, 0)
  expect(width).toBeGreaterThan(0)
  expect(left + width).toBe(100)
})

test('clocks that differ by a little never move a bar out of its track', () => {
  const run = aRun('r', { started_at: at(1), completed_at: at(2), steps: [step(0, 3)] })

  expect(barOf(step(0, 3), run, 0)).toEqual({ left: 0, width: 100 })
})

import { expect, test } from 'vitest'
import { anExecution } from '@/testing/data'
import { batchesOf } from './batches'

function sizes(target_count: number, strategy: object): number[] {
  return batchesOf(anExecution('x', { target_count, strategy: { ...strategy } })).map(({ size }) => size)
}

test('batches are cut as the server cuts them', () => {
  expect(sizes(5, {})).toEqual([5])
  expect(sizes(5, { batch_size: 2 })).toEqual([2, 2, 1])
  expect(sizes(10, { canary: 1, batch_size: '25%' })).toEqual([1, 2, 2, 2, 2, 1])
  expect(sizes(3, { canary: '1%', batch_size: 0 })).toEqual([1, 1, 1])
  expect(sizes(2, { canary: 9 })).toEqual([2])
})

test('what has ended fills the batches in order', () => {
  const execution = anExecution('x', {
    status: 'running',
    target_count: 5,
    strategy: { batch_size: 2 },
    counts: { completed: 2, failed: 1, running: 1, scheduled: 1 },
  })

  expect(batchesOf(execution).map(({ done }) => done)).toEqual([2, 1, 0])
})

test('what was skipped by a stop fills no batch', () => {
  const execution = anExecution('x', {
    target_count: 3,
    strategy: { batch_size: 1 },
    counts: { failed: 1, skipped: 2 },
  })

  expect(batchesOf({ ...execution, stop_reason: 'failures' }).map(({ done }) => done)).toEqual([1, 0, 0])
  expect(batchesOf(execution).map(({ done }) => done)).toEqual([1, 1, 1])
})

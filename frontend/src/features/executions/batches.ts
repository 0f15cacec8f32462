/** How far each batch is. A batch begins when the one before has ended, so the counts of the whole tell it. */
import type { Execution } from '@/api/types'
import { record } from '@/lib/json'
import { countOf, isTerminal, type StatusName, statusNames } from '@/lib/status'

export interface Batch {
  number: number
  size: number
  done: number
}

export type Steered = Pick<
  Execution,
  'strategy' | 'target_count' | 'counts' | 'stop_reason' | 'cancel_requested_at'
>

export function batchesOf(execution: Steered): Batch[] {
  let left = countOf(execution.counts, doneIn(execution))
  return sizesOf(execution).map((size, index) => {
    const done = Math.min(size, left)
    left -= done
    return { number: index + 1, size, done }
  })
}

/** Where it was stopped, what never began is not done. */
function doneIn({ stop_reason, cancel_requested_at }: Steered): StatusName[] {
  const stopped = stop_reason !== null || cancel_requested_at !== null
  return statusNames.filter(
    (name) => isTerminal(name) && !(stopped && (name === 'skipped' || name === 'cancelled')),
  )
}

/** The sizes of the batches, as the server cuts them (executions/strategy.py). */
function sizesOf({ strategy, target_count: count }: Steered): number[] {
  const { canary, batch_size } = record(strategy)
  const sizes: number[] = []
  let left = count
  const cut = (size: number) => {
    sizes.push(Math.min(left, size))
    left -= Math.min(left, size)
  }
  if (canary !== undefined && canary !== null) cut(Math.max(1, amountOf(canary, count)))
  const size =
    batch_size === undefined || batch_size === null ? count : Math.max(1, amountOf(batch_size, count))
  while (left > 0) cut(size)
  return sizes
}

function amountOf(amount: unknown, count: number): number {
  if (typeof amount === 'number') return amount
  return Math.floor((Number.parseFloat(String(amount)) * count) / 100) || 0
}

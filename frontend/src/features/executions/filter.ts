/** What of the executions pages stands in the address. */
import type { Execution } from '@/api/types'
import { oneOf, text } from '@/features/targets/filter'
import { type StatusName, statusNames } from '@/lib/status'

export type ExecutionStatus = Execution['status']

export interface ExecutionFilter {
  q?: string
  status?: ExecutionStatus
  /** Only what ran on this target. */
  target?: string
}

export const executionStatuses = ['scheduled', 'running', 'completed', 'failed', 'cancelled'] as const

export function executionFilterOf(search: Record<string, unknown>): ExecutionFilter {
  return filled({
    q: text(search.q),
    status: oneOf(executionStatuses, search.status),
    target: text(search.target),
  })
}

/** What one execution's page shows: results of one status, and which of them is open. */
export interface ExecutionView {
  status?: StatusName
  result?: string
  /** Results by what was written, instead of by target. */
  view?: 'groups'
  /** Two results that are compared, by id. */
  left?: string
  right?: string
  /** What is searched for in all outputs; empty while nothing was typed. */
  find?: string
}

export function executionViewOf(search: Record<string, unknown>): ExecutionView {
  return filled({
    status: oneOf(statusNames, search.status),
    result: text(search.result),
    view: oneOf(['groups'] as const, search.view),
    left: text(search.left),
    right: text(search.right),
    find: typeof search.find === 'string' ? search.find : undefined,
  })
}

function filled<T extends object>(search: T): T {
  return Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T
}

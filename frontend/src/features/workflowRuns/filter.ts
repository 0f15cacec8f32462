/** What of the runs pages stands in the address. */
import type { WorkflowRun } from '@/api/types'
import { oneOf, text } from '@/features/targets/filter'

export const runStatuses = [
  'running',
  'completed',
  'failed',
  'cancelled',
  'lost',
] as const satisfies WorkflowRun['status'][]

export interface RunFilter {
  q?: string
  status?: WorkflowRun['status']
  /** Only runs of this flow. */
  flow?: string
}

export function runFilterOf(search: Record<string, unknown>): RunFilter {
  const filter: RunFilter = {
    q: text(search.q),
    status: oneOf(runStatuses, search.status),
    flow: text(search.flow),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** The one table of statuses: label, tone, icon and whether it is final, as the back end, the CLI and the nodes have it. */
import table from './statuses.json'

export type StatusName = keyof typeof table
export type Tone = 'neutral' | 'info' | 'success' | 'warning' | 'danger'

interface StatusEntry {
  label: string
  tone: Tone
  icon: string
  terminal: boolean
}

export const statuses = table as Record<StatusName, StatusEntry>
export const statusNames = Object.keys(table) as StatusName[]

export function isTerminal(status: StatusName): boolean {
  return statuses[status].terminal
}

/** The order of a summary: what went wrong first, then what goes on, then what is fine. */
export const summaryOrder: StatusName[] = [
  'failed',
  'unreachable',
  'timed_out',
  'lost',
  'cancelled',
  'skipped',
  'running',
  'scheduled',
  'completed',
]

export type Counts = Partial<Record<StatusName, number>>

/** The counts that are not 0, in the order of a bar: finished well, went wrong, goes on, waits. */
export function present(counts: Record<string, number>): { status: StatusName; count: number }[] {
  const order: StatusName[] = ['completed', ...summaryOrder.filter((name) => name !== 'completed')]
  return order.flatMap((status) => {
    const count = counts[status] ?? 0
    return count > 0 ? [{ status, count }] : []
  })
}

export function countOf(counts: Record<string, number>, names: StatusName[]): number {
  return names.reduce((sum, name) => sum + (counts[name] ?? 0), 0)
}

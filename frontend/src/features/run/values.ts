import type { NewExecution } from '@/api/types'

export interface RunValues {
  name: string
  command: string
  /** Seconds. */
  timeout: number
  retries: number
}

export const EMPTY: RunValues = { name: '', command: '', timeout: 30, retries: 0 }
export const LONGEST = 86_400 // s
export const MOST_RETRIES = 10

export function executionOf(
  { name, command, timeout, retries }: RunValues,
  targetIds: string[],
): NewExecution {
  return {
    name: name.trim(),
    target_ids: targetIds,
    actions: [{ action_type: 'command', action_parameters: { command, timeout, retry_count: retries } }],
  }
}

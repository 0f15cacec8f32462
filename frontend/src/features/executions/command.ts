/** What an execution runs. Its actions come as they were sent, so each value is looked at before it is used. */
import type { Execution } from '@/api/types'

export interface CommandRun {
  command: string
  timeout?: number
  retries?: number
}

export function commandOf({ actions }: Pick<Execution, 'actions'>): CommandRun {
  const parameters = actions[0]?.action_parameters
  if (typeof parameters !== 'object' || parameters === null) return { command: '' }
  const { command, timeout, retry_count } = parameters as Record<string, unknown>
  return {
    command: typeof command === 'string' ? command : '',
    timeout: typeof timeout === 'number' ? timeout : undefined,
    retries: typeof retry_count === 'number' ? retry_count : undefined,
  }
}

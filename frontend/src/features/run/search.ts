/** What the run page starts with, as an address can say it. */
import { text } from '@/features/targets/filter'

export interface RunSearch {
  /** Ids of targets, with commas between them. */
  targets?: string
  /** The id of an execution to do once more. */
  again?: string
  /** The id of a script that is kept here. */
  script?: string
}

export function runSearchOf(search: Record<string, unknown>): RunSearch {
  const targets = text(search.targets)
  const again = text(search.again)
  const script = text(search.script)
  return { ...(targets ? { targets } : {}), ...(again ? { again } : {}), ...(script ? { script } : {}) }
}

export function targetIdsOf({ targets }: RunSearch): string[] {
  return [...new Set(targets?.split(',').filter(Boolean))]
}

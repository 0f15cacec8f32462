/** What of the tokens page stands in the address. */
import type { WorkflowToken } from '@/api/types'
import { oneOf, text } from '@/features/targets/filter'

export const tokenStates = ['active', 'expired', 'revoked'] as const satisfies WorkflowToken['state'][]

export interface TokenFilter {
  state?: WorkflowToken['state']
  /** Only tokens of this flow. */
  flow?: string
  /** Only tokens of this user. */
  owner?: string
}

export function tokenFilterOf(search: Record<string, unknown>): TokenFilter {
  const filter: TokenFilter = {
    state: oneOf(tokenStates, search.state),
    flow: text(search.flow),
    owner: text(search.owner),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

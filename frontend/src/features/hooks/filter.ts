/** What of the hooks page stands in the address. */
import type { HookProtection } from '@/api/types'
import { oneOf, text } from '@/features/targets/filter'

export const protections = ['token', 'hmac', 'github', 'open'] as const satisfies HookProtection[]
export const servings = ['yes', 'no'] as const

export interface HookFilter {
  protection?: HookProtection
  /** Only hooks of this tab. */
  flow?: string
  served?: (typeof servings)[number]
}

export function hookFilterOf(search: Record<string, unknown>): HookFilter {
  const filter: HookFilter = {
    protection: oneOf(protections, search.protection),
    flow: text(search.flow),
    served: oneOf(servings, search.served),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

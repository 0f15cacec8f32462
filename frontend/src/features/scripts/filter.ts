/** What of the scripts is shown, as it stands in the address. */
import { type Os, oneOf, oses, text } from '@/features/targets/filter'

export interface ScriptFilter {
  q?: string
  tag?: string
  os_type?: Os
}

export function scriptFilterOf(search: Record<string, unknown>): ScriptFilter {
  const filter: ScriptFilter = {
    q: text(search.q),
    tag: text(search.tag),
    os_type: oneOf(oses, search.os_type),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

export type ScriptView = 'script' | 'versions'

export function scriptViewOf({ view }: Record<string, unknown>): { view?: 'versions' } {
  return view === 'versions' ? { view } : {}
}

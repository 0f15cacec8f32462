/** What of the templates is shown, as it stands in the address. */
import { oneOf, text } from '@/features/targets/filter'

export const sorts = ['name', 'rating', 'downloads', 'newest'] as const
export type Sort = (typeof sorts)[number]

export interface TemplateFilter {
  q?: string
  category?: string
  tag?: string
  mine?: true
  sort?: Sort
}

export function templateFilterOf(search: Record<string, unknown>): TemplateFilter {
  const filter: TemplateFilter = {
    q: text(search.q),
    category: text(search.category),
    tag: text(search.tag),
    mine: search.mine === true || search.mine === 'true' ? true : undefined,
    sort: oneOf(sorts, search.sort),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** What of the files page stands in the address. */
import type { StoredFile } from '@/api/types'
import { oneOf, text } from '@/features/targets/filter'

export type Purpose = StoredFile['purpose']

export interface FileFilter {
  q?: string
  purpose?: Purpose
}

export const purposes = ['upload', 'download'] as const

export function fileFilterOf(search: Record<string, unknown>): FileFilter {
  const q = text(search.q)
  const purpose = oneOf(purposes, search.purpose)
  return { ...(q ? { q } : {}), ...(purpose ? { purpose } : {}) }
}

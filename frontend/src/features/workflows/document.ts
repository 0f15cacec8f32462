/** A flow as a file: read from one somebody chose, and given to them as one. */
import type { FlowDocument } from '@/api/types'

export const LARGEST = 2 * 1024 * 1024 // bytes
const KEPT = 60_000 // ms that a saved file stays in memory

/** Returns a document, also where the file has what Node-RED itself exports: a list of nodes. Null where it is no flow. */
export function documentIn(text: string): FlowDocument | null {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    return null
  }
  if (Array.isArray(found)) return { format: 'opsconductor-flow', version: 1, nodes: found }
  const isOurs = typeof found === 'object' && found !== null && 'nodes' in found && 'format' in found
  return isOurs ? (found as FlowDocument) : null
}

/** Has the browser save a document under a name that every system takes. */
export function saveDocument(document: FlowDocument): void {
  const name = (document.name ?? '').replace(/[^\p{L}\p{N}._ -]+/gu, '-').trim() || 'flow'
  const content = new Blob([`${JSON.stringify(document, null, 2)}\n`], { type: 'application/json' })
  const link = window.document.createElement('a')
  link.href = URL.createObjectURL(content)
  link.download = `${name}.json`
  link.click()
  // Not at once: the browser has only been asked to begin.
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT)
}

/** What an audit entry records, field by field. */
export interface Change {
  field: string
  before?: string
  after?: string
}

type Values = { [field: string]: unknown } | null

export function changesOf(before: Values, after: Values): Change[] {
  const fields = new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])
  return [...fields]
    .sort()
    .map((field) => ({ field, before: shown(before, field), after: shown(after, field) }))
}

function shown(values: Values, field: string): string | undefined {
  const value = values?.[field]
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value.join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}

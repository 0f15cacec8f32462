/** The filter of the target list, as it stands in the address. */
export interface TargetFilter {
  q?: string
  os_type?: Os
  environment?: string
  status?: TargetStatus
  tag?: string
}

export const oses = ['linux', 'windows', 'macos', 'other'] as const
export const targetStatuses = ['active', 'maintenance', 'inactive'] as const
export type Os = (typeof oses)[number]
export type TargetStatus = (typeof targetStatuses)[number]

/** Takes from an address only what a filter may hold: a value nobody knows would be refused by the API. */
export function targetFilterOf(search: Record<string, unknown>): TargetFilter {
  const filter: TargetFilter = {
    q: text(search.q),
    os_type: oneOf(oses, search.os_type),
    environment: text(search.environment),
    status: oneOf(targetStatuses, search.status),
    tag: text(search.tag),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

export function text(value: unknown): string | undefined {
  // The router reads `?q=12` as a number.
  const written = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
  return typeof written === 'string' && written !== '' ? written : undefined
}

export function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((candidate) => candidate === value)
}

/** The filter of the audit log, as it stands in the address. */
import { oneOf, text } from '@/features/targets/filter'

export const areas = [
  'target',
  'credential',
  'script',
  'execution',
  'workflow',
  'run',
  'flow',
  'notification',
  'workflow_token',
  'user',
  'session',
] as const
export const periods = ['hour', 'day', 'week', 'month'] as const

export type Area = (typeof areas)[number]
export type Period = (typeof periods)[number]

export interface AuditFilter {
  area?: Area
  actor?: string
  since?: Period
}

export function auditFilterOf(search: Record<string, unknown>): AuditFilter {
  const filter: AuditFilter = {
    area: oneOf(areas, search.area),
    actor: text(search.actor),
    since: oneOf(periods, search.since),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

const HOUR = 3_600_000 // ms
const lengths: Record<Period, number> = { hour: HOUR, day: 24 * HOUR, week: 168 * HOUR, month: 720 * HOUR }

export interface AuditQuery {
  action?: string
  actor?: string
  since?: string
}

/** The filter as the API takes it: an action matches by its beginning, a period by the instant at which it began. */
export function auditQueryOf({ area, actor, since }: AuditFilter, now: number): AuditQuery {
  return {
    ...(area ? { action: area === 'notification' ? area : `${area}.` } : {}),
    ...(actor ? { actor } : {}),
    ...(since ? { since: new Date(now - lengths[since]).toISOString() } : {}),
  }
}

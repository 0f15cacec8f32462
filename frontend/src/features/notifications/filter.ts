/** The filter of the list of notifications, as it stands in the address. */
import { oneOf, text } from '@/features/targets/filter'

export const severities = ['info', 'warning', 'error', 'critical'] as const
export const readStates = ['unread', 'read'] as const
export type Severity = (typeof severities)[number]

export interface NotificationFilter {
  q?: string
  severity?: Severity
  state?: (typeof readStates)[number]
}

export function notificationFilterOf(search: Record<string, unknown>): NotificationFilter {
  const filter: NotificationFilter = {
    q: text(search.q),
    severity: oneOf(severities, search.severity),
    state: oneOf(readStates, search.state),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

/** The filter as the API takes it. */
export function notificationQueryOf({ q, severity, state }: NotificationFilter) {
  return {
    ...(q ? { q } : {}),
    ...(severity ? { severity: [severity] } : {}),
    ...(state ? { unread: state === 'unread' } : {}),
  }
}

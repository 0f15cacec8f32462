/** Who is signed in, and what they may do. */
import { queryOptions, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import type { Account } from '@/api/types'

export type Permission =
  | 'targets.read'
  | 'targets.write'
  | 'targets.test'
  | 'targets.trust'
  | 'calendars.read'
  | 'calendars.write'
  | 'calendars.override'
  | 'credentials.read'
  | 'credentials.write'
  | 'scripts.read'
  | 'scripts.write'
  | 'files.read'
  | 'files.write'
  | 'executions.read'
  | 'executions.run'
  | 'executions.cancel'
  | 'workflows.read'
  | 'workflows.edit'
  | 'templates.read'
  | 'templates.rate'
  | 'templates.write'
  | 'runs.read'
  | 'runs.cancel'
  | 'notifications.read'
  | 'notifications.send'
  | 'notifications.write'
  | 'notifications.allow_private'
  | 'hooks.read'
  | 'hooks.write'
  | 'hooks.open'
  | 'workflow_tokens.read'
  | 'workflow_tokens.write'
  | 'workflow_tokens.of_others'
  | 'audit.read'
  | 'users.read'
  | 'users.write'

export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: ({ signal }) => answer(api.GET('/api/v3/auth/me', { signal })),
  staleTime: 5 * 60_000,
  retry: false,
})

export const setupQuery = queryOptions({
  queryKey: keys.setup,
  queryFn: ({ signal }) => answer(api.GET('/api/v3/setup', { signal })),
  retry: false,
  staleTime: 0,
})

export function useAccount(): Account | undefined {
  return useQuery(sessionQuery).data?.user
}

export type Can = (permission: Permission) => boolean

/** Tells what the account may do; the server decides again at each request. */
export function useCan(): Can {
  const account = useAccount()
  return (permission) => account?.permissions.includes(permission) ?? false
}

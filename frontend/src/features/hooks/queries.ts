import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import i18next from 'i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { Hook, HookProtection, HookSecret } from '@/api/types'
import { tellDone, tellFailed } from '@/components/feedback'
import type { HookFilter } from './filter'

const LOOK_EVERY = 5_000 // ms; who has just sent a request wants to see what became of it

export function useHooks({ flow, protection, served }: HookFilter) {
  const filter = { flow_id: flow, protection, served: served && served === 'yes' }
  return useInfiniteQuery(
    pagedQuery<Hook>(keys.hookList(filter), (page, signal) =>
      answer(api.GET('/api/v3/hooks', { params: { query: { ...filter, ...page } }, signal })),
    ),
  )
}

export function useHook(id: string) {
  return useQuery({
    queryKey: keys.hook(id),
    refetchInterval: LOOK_EVERY,
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/hooks/{hook_id}', { params: { path: { hook_id: id } }, signal })),
  })
}

export function useProtect({ id }: Hook) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (protection: HookProtection | null) =>
      answer(
        api.PUT('/api/v3/hooks/{hook_id}/protection', {
          params: { path: { hook_id: id } },
          body: { protection },
        }),
      ),
    onError: (error) => tellFailed(i18next.t('hooks.protectFailed'), error),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.hooks }),
  })
}

/** Issues a secret. What comes back is the secret itself, so it is forgotten as soon as nobody shows it. */
export function useIssue(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (grace_minutes: number) =>
      answer(
        api.POST('/api/v3/hooks/{hook_id}/secrets', {
          params: { path: { hook_id: id } },
          body: { grace_minutes },
        }),
      ),
    gcTime: 0,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.hooks }),
    onError: (error) => tellFailed(i18next.t('hooks.issueFailed'), error),
  })
}

export function useRevoke(hookId: string, { id, prefix }: HookSecret) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(
        api.DELETE('/api/v3/hooks/{hook_id}/secrets/{secret_id}', {
          params: { path: { hook_id: hookId, secret_id: id } },
        }),
      ),
    onSuccess: () => tellDone(i18next.t('hooks.revoked', { prefix })),
    onError: (error) => tellFailed(i18next.t('errors.failed', { what: i18next.t('hooks.revoke') }), error),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.hooks }),
  })
}

export function useRemoveHook({ id, path }: Hook, onRemoved: () => void) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => answer(api.DELETE('/api/v3/hooks/{hook_id}', { params: { path: { hook_id: id } } })),
    onSuccess: () => {
      tellDone(i18next.t('hooks.removed', { path }))
      onRemoved()
    },
    onError: (error) => tellFailed(i18next.t('errors.failed', { what: i18next.t('common.delete') }), error),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.hooks }),
  })
}

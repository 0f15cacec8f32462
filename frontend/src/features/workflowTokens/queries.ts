import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import i18next from 'i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { NewWorkflowToken, WorkflowToken } from '@/api/types'
import { tellDone, tellFailed } from '@/components/feedback'
import type { TokenFilter } from './filter'

export function useTokens({ flow, owner, state }: TokenFilter) {
  const filter = { flow_id: flow, user_id: owner, state }
  return useInfiniteQuery(
    pagedQuery<WorkflowToken>(keys.workflowTokenList(filter), (page, signal) =>
      answer(api.GET('/api/v3/workflow-tokens', { params: { query: { ...filter, ...page } }, signal })),
    ),
  )
}

/** Makes a token. What comes back is the token itself, so it is forgotten as soon as nobody shows it. */
export function useMakeToken() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: NewWorkflowToken) => answer(api.POST('/api/v3/workflow-tokens', { body })),
    gcTime: 0,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.workflowTokens }),
  })
}

export function useRevokeToken({ id, name }: WorkflowToken) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(api.DELETE('/api/v3/workflow-tokens/{token_id}', { params: { path: { token_id: id } } })),
    onSuccess: () => tellDone(i18next.t('workflowTokens.revoked', { name })),
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('workflowTokens.revoke') }), error),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.workflowTokens }),
  })
}

/** Steers an execution under way, and runs an ended one again. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import i18next from 'i18next'
import { useRef } from 'react'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import type { Execution, Rerun } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { uuid } from '@/lib/random'
import { applyResults } from './live'

export type Deed = 'pause' | 'resume' | 'cancel'

/** Pauses, resumes or cancels; a refusal is told, and what is shown is brought up to date. */
export function useSteer(id: string, deed: Deed) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () => answer(steer(id, deed)),
    onSuccess: (execution) => queryClient.setQueryData(keys.execution(id), execution),
    onError: (error) => {
      tellFailed(i18next.t('errors.failed', { what: i18next.t(`executions.${deed}`) }), error)
      void queryClient.invalidateQueries({ queryKey: keys.execution(id), exact: true })
    },
  })
}

function steer(id: string, deed: Deed) {
  const at = { params: { path: { execution_id: id } } }
  if (deed === 'pause') return api.POST('/api/v3/executions/{execution_id}/pause', at)
  if (deed === 'resume') return api.POST('/api/v3/executions/{execution_id}/resume', at)
  return api.POST('/api/v3/executions/{execution_id}/cancel', at)
}

/** Ends the work on one target. */
export function useCancelTarget(executionId: string, resultId: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(
        api.POST('/api/v3/executions/{execution_id}/results/{result_id}/cancel', {
          params: { path: { execution_id: executionId, result_id: resultId } },
        }),
      ),
    onSuccess: (result) => applyResults(queryClient, executionId, new Map([[result.id, result]])),
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('executions.cancelTarget') }), error),
  })
}

/** Runs it again. The same wish keeps its key, so that trying again after silence never runs it twice. */
export function useRunAgain(id: string) {
  const queryClient = useQueryClient()
  const last = useRef({ wish: '', key: '' })
  return useMutation({
    mutationFn: (body: Rerun): Promise<Execution> => {
      const wish = JSON.stringify(body)
      if (last.current.wish !== wish) last.current = { wish, key: uuid() }
      const params = { path: { execution_id: id }, header: { 'Idempotency-Key': last.current.key } }
      return answer(api.POST('/api/v3/executions/{execution_id}/rerun', { params, body }))
    },
    onSuccess: (execution) => {
      last.current = { wish: '', key: '' } // asked for again, it is another wish
      queryClient.setQueryData(keys.execution(execution.id), execution)
      return queryClient.invalidateQueries({ queryKey: keys.executionLists })
    },
  })
}

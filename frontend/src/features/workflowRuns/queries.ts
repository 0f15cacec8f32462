import {
  type InfiniteData,
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import i18next from 'i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { Page, WorkflowRun } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { isTerminal } from '@/lib/status'
import type { RunFilter } from './filter'

const WHILE_RUNNING = 1_000 // ms between two looks at something that goes on
const OTHERWISE = 10_000 // ms; flows start runs at any time, and one that has ended can go on

function nextLook({ state }: { state: { data?: InfiniteData<Page<WorkflowRun>> } }): number {
  const goesOn = state.data?.pages.some((page) => page.items.some(({ status }) => !isTerminal(status)))
  return goesOn ? WHILE_RUNNING * 2 : OTHERWISE
}

export function useRunList({ flow, ...filter }: RunFilter) {
  return useInfiniteQuery({
    ...pagedQuery<WorkflowRun>(keys.workflowRunList({ flow, ...filter }), (page, signal) =>
      answer(
        api.GET('/api/v3/workflow-executions', {
          params: { query: { ...filter, flow_id: flow, ...page } },
          signal,
        }),
      ),
    ),
    placeholderData: keepPreviousData,
    refetchInterval: nextLook,
  })
}

export function useRun(id: string) {
  return useQuery({
    queryKey: keys.workflowRun(id),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/workflow-executions/{run_id}', { params: { path: { run_id: id } }, signal })),
    refetchInterval: ({ state }) => (state.data && isTerminal(state.data.status) ? OTHERWISE : WHILE_RUNNING),
  })
}

/**
 * The executions that a run has started. They are looked at often until each that the run counts is there and has ended:
 * the end of the run may be known before theirs.
 */
export function useRunExecutions({ id, status, execution_count: count }: WorkflowRun) {
  return useQuery({
    queryKey: keys.executionList({ run: id }),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/executions', { params: { query: { run_id: id, limit: 200 } }, signal })),
    refetchInterval: ({ state: { data } }) => {
      const allEnded = data && data.total >= count && data.items.every((each) => isTerminal(each.status))
      return isTerminal(status) && allEnded ? OTHERWISE : WHILE_RUNNING
    },
  })
}

export function useCancelRun(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: () =>
      answer(api.POST('/api/v3/workflow-executions/{run_id}/cancel', { params: { path: { run_id: id } } })),
    onSuccess: (run) => {
      queryClient.setQueryData(keys.workflowRun(id), run)
      void queryClient.invalidateQueries({ queryKey: keys.executionLists })
    },
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('workflowRuns.cancel') }), error),
  })
}

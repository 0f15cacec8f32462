import { type InfiniteData, keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { everyRow, type PageRequest, pagedQuery } from '@/api/paging'
import type { Execution, Page, Result } from '@/api/types'
import { isTerminal, type StatusName } from '@/lib/status'
import type { ExecutionFilter } from './filter'

const WHILE_RUNNING = 3_000 // ms between two looks at a list in which something goes on
const OTHERWISE = 20_000 // ms; others start executions too

function executionPage({ target, ...filter }: ExecutionFilter) {
  return (page: PageRequest, signal?: AbortSignal) =>
    answer(
      api.GET('/api/v3/executions', { params: { query: { ...filter, target_id: target, ...page } }, signal }),
    )
}

function nextLook({ state }: { state: { data?: InfiniteData<Page<Execution>> } }): number {
  const goesOn = state.data?.pages.some((page) => page.items.some(({ status }) => !isTerminal(status)))
  return goesOn ? WHILE_RUNNING : OTHERWISE
}

export function useExecutionList(filter: ExecutionFilter) {
  return useInfiniteQuery({
    ...pagedQuery<Execution>(keys.executionList(filter), executionPage(filter)),
    placeholderData: keepPreviousData,
    refetchInterval: nextLook,
  })
}

/** The newest few, of everything or of one target. */
export function useRecentExecutions(limit: number, target?: string) {
  return useQuery({
    queryKey: keys.executionList({ recent: limit, target }),
    queryFn: ({ signal }) => executionPage({ target })({ limit }, signal),
    refetchInterval: WHILE_RUNNING * 2,
  })
}

function at(id: string) {
  return { params: { path: { execution_id: id } } }
}

export function useExecution(id: string | undefined) {
  return useQuery({
    queryKey: keys.execution(id ?? ''),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/executions/{execution_id}', { ...at(id ?? ''), signal })),
    enabled: id !== undefined,
  })
}

export interface ResultFilter {
  status?: StatusName
}

function resultPage(id: string, filter: ResultFilter) {
  return (page: PageRequest, signal?: AbortSignal) =>
    answer(
      api.GET('/api/v3/executions/{execution_id}/results', {
        params: { path: { execution_id: id }, query: { ...filter, ...page } },
        signal,
      }),
    )
}

export function useResults(id: string, filter: ResultFilter) {
  return useInfiniteQuery({
    ...pagedQuery<Result>(keys.results(id, filter), resultPage(id, filter)),
    placeholderData: keepPreviousData,
  })
}

/** Some results, outside of the list that the page shows. */
export function fetchResults(id: string, page: PageRequest, signal?: AbortSignal): Promise<Page<Result>> {
  return resultPage(id, {})(page, signal)
}

/** What an execution did on one target. */
export async function resultOn(id: string, targetId: string): Promise<Result | undefined> {
  const results = await everyRow<Result>(resultPage(id, {}))
  return results.find(({ target_id }) => target_id === targetId)
}

/** The targets of an execution, to run on them again. */
export async function targetsOf(id: string): Promise<string[]> {
  const results = await everyRow<Result>(resultPage(id, {}))
  return results.map(({ target_id }) => target_id)
}

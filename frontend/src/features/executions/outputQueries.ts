/** What the API tells of outputs: lines, hits, groups, differences. What has ended does not change, so it is kept. */
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { API, answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import type { Line, Lines } from '@/api/types'

export type StreamName = 'stdout' | 'stderr'

/** One stream of one result. */
export interface OutputId {
  executionId: string
  resultId: string
  stream: StreamName
}

/** Lines that are loaded, kept and drawn together. */
export const PAGE_LINES = 100
const KEPT = 5 * 60_000 // ms

function fetchLines({ executionId, resultId, stream }: OutputId, from: number, limit: number) {
  return answer(
    api.GET('/api/v3/executions/{execution_id}/results/{result_id}/lines', {
      params: {
        path: { execution_id: executionId, result_id: resultId },
        query: { stream, from, limit },
      },
    }),
  )
}

/** Size, hash and number of lines of an output. */
export function useOutputFacts(output: OutputId) {
  return useQuery({
    queryKey: keys.lines(output.executionId, output.resultId, output.stream, -1),
    queryFn: () => fetchLines(output, -1, 1),
    staleTime: KEPT,
  })
}

/** One page of lines; where lines are long it takes several answers. */
export function pageQuery(output: OutputId, page: number) {
  return {
    queryKey: keys.lines(output.executionId, output.resultId, output.stream, page),
    queryFn: () => wholePage(output, page * PAGE_LINES),
    staleTime: KEPT,
  }
}

async function wholePage(output: OutputId, from: number): Promise<Line[]> {
  const lines: Line[] = []
  let next: number | null = from
  while (next !== null && next < from + PAGE_LINES) {
    const answered: Lines = await fetchLines(output, next, from + PAGE_LINES - next)
    lines.push(...answered.lines)
    next = answered.next
  }
  return lines
}

export interface SearchWords {
  q: string
  regex: boolean
  case: boolean
}

/** How many hits of one output can be stepped through. */
const MOST_HITS = 1000

/** The lines of one output that have the words in them. */
export function useHits({ executionId, resultId, stream }: OutputId, words: SearchWords) {
  const query = { ...words, stream, result_id: resultId, matches: MOST_HITS, context: 0 }
  return useQuery({
    queryKey: keys.search(executionId, query),
    queryFn: ({ signal }) => fetchSearch(executionId, query, signal),
    enabled: words.q !== '',
    staleTime: KEPT,
    retry: false,
  })
}

interface SearchQuery extends SearchWords {
  stream?: StreamName | 'both'
  result_id?: string
  matches?: number
  context?: number
  cursor?: string
}

function fetchSearch(executionId: string, query: SearchQuery, signal?: AbortSignal) {
  return answer(
    api.GET('/api/v3/executions/{execution_id}/search', {
      params: { path: { execution_id: executionId }, query },
      signal,
    }),
  )
}

/** What the words are found in, across all targets; each page has looked at some of them. */
export function useSearch(executionId: string, words: SearchWords) {
  return useInfiniteQuery({
    queryKey: keys.search(executionId, words),
    queryFn: ({ pageParam, signal }) =>
      fetchSearch(executionId, { ...words, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_cursor ?? undefined,
    enabled: words.q !== '',
    retry: false,
  })
}

export function useGroups(executionId: string, mask: boolean) {
  return useQuery({
    queryKey: keys.groups(executionId, mask),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/executions/{execution_id}/groups', {
          params: {
            path: { execution_id: executionId },
            query: mask ? { mask: 'target_name' as const } : {},
          },
          signal,
        }),
      ),
    placeholderData: keepPreviousData,
  })
}

export function useComparison(left: string, right: string, stream: StreamName) {
  return useQuery({
    queryKey: keys.comparison(left, right, stream),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/executions/compare', { params: { query: { left, right, stream } }, signal })),
    staleTime: KEPT,
  })
}

export const formats = ['zip', 'text', 'json', 'csv'] as const

export function downloadAddress(executionId: string, format: (typeof formats)[number]): string {
  return `${API}/executions/${executionId}/download?format=${format}`
}

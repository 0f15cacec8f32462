/** Lists come in pages; a table asks for the next one, a selection of "all matching" for every one. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  type QueryKey,
  type UseInfiniteQueryResult,
} from '@tanstack/react-query'
import type { Page } from './types'

export const PAGE = 50
const LARGEST_PAGE = 200

export interface PageRequest {
  limit: number
  cursor?: string
}

type Fetch<T> = (page: PageRequest, signal?: AbortSignal) => Promise<Page<T>>

export function pagedQuery<T>(queryKey: QueryKey, fetchPage: Fetch<T>) {
  return infiniteQueryOptions({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      fetchPage({ limit: PAGE, ...(pageParam ? { cursor: pageParam } : {}) }, signal),
    initialPageParam: '',
    getNextPageParam: (last: Page<T>) => last.next_cursor ?? undefined,
  })
}

export function rowsOf<T>(data: InfiniteData<Page<T>> | undefined): T[] | undefined {
  return data?.pages.flatMap((page) => page.items)
}

export function totalOf<T>(data: InfiniteData<Page<T>> | undefined): number | undefined {
  return data?.pages.at(-1)?.total
}

/** What a table needs of a paged query: its rows so far, and how to get the rest. */
export function pagesOf<T>(list: UseInfiniteQueryResult<InfiniteData<Page<T>>>) {
  return {
    rows: rowsOf(list.data),
    total: totalOf(list.data),
    error: list.error,
    onRetry: () => void list.refetch(),
    onMore: list.hasNextPage ? () => void list.fetchNextPage() : undefined,
    loadingMore: list.isFetchingNextPage,
  }
}

/** Every row of a list, page after page. */
export async function everyRow<T>(fetchPage: Fetch<T>): Promise<T[]> {
  const rows: T[] = []
  let cursor: string | undefined
  do {
    const page = await fetchPage({ limit: LARGEST_PAGE, ...(cursor ? { cursor } : {}) })
    rows.push(...page.items)
    cursor = page.next_cursor ?? undefined
  } while (cursor)
  return rows
}

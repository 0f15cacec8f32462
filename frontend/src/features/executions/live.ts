/** Follows an execution while it goes on: what the stream tells is written into the data that the page shows. */
import { type InfiniteData, type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { API } from '@/api/client'
import { keys } from '@/api/keys'
import type { Execution, Page, Result } from '@/api/types'
import { isTerminal } from '@/lib/status'
import type { ResultFilter } from './queries'

const FLUSH_EVERY = 200 // ms; 500 results that end together are drawn a few times, not 500 times
const TRY_AGAIN = 3_000 // ms after the stream was refused; a browser itself only reconnects where it broke off

export type Connection = 'connecting' | 'live' | 'broken'

/** Keeps the execution up to date until it has ended. */
export function useLive(id: string, ended: boolean): Connection {
  const queryClient = useQueryClient()
  const [connection, setConnection] = useState<Connection>('connecting')
  useEffect(() => {
    if (!ended) return follow(id, queryClient, setConnection)
  }, [id, ended, queryClient])
  return connection
}

export function follow(
  id: string,
  queryClient: QueryClient,
  onConnection: (now: Connection) => void,
): () => void {
  const changed = new Map<string, Result>()
  let source: EventSource | undefined
  let flushing: ReturnType<typeof setTimeout> | undefined
  let trying: ReturnType<typeof setTimeout> | undefined

  const flush = () => {
    clearTimeout(flushing)
    flushing = undefined
    if (changed.size === 0) return
    if (firstListIsLoading(queryClient, id)) {
      // It may have been asked for before this happened; what it brings would stand for good.
      flushing = setTimeout(flush, FLUSH_EVERY)
      return
    }
    applyResults(queryClient, id, changed)
    changed.clear()
  }
  const takeResult = ({ data }: MessageEvent<string>) => {
    const result = JSON.parse(data) as Result
    changed.set(result.id, result)
    flushing ??= setTimeout(flush, FLUSH_EVERY)
  }
  const takeExecution = ({ data }: MessageEvent<string>) => {
    const execution = JSON.parse(data) as Execution
    if (isTerminal(execution.status)) {
      flush()
      source?.close()
      void readAgain(queryClient, id)
      void queryClient.invalidateQueries({ queryKey: keys.executionLists })
    }
    queryClient.setQueryData(keys.execution(id), execution)
  }
  const open = () => {
    source = new EventSource(`${API}/executions/${id}/events`)
    source.addEventListener('open', () => onConnection('live'))
    source.addEventListener('snapshot', takeExecution)
    source.addEventListener('execution', takeExecution)
    source.addEventListener('result', takeResult)
    source.addEventListener('error', () => {
      onConnection('broken')
      if (source?.readyState !== EventSource.CLOSED) return
      // A stream does not say why it was refused; the plain request does, and ends an old session.
      void queryClient.invalidateQueries({ queryKey: keys.execution(id), exact: true })
      trying = setTimeout(open, TRY_AGAIN)
    })
  }
  open()
  return () => {
    clearTimeout(trying)
    source?.close()
    clearTimeout(flushing)
    if (changed.size > 0) applyResults(queryClient, id, changed)
  }
}

function firstListIsLoading(queryClient: QueryClient, id: string): boolean {
  const lists = queryClient.getQueryCache().findAll({ queryKey: keys.allResults(id) })
  return lists.some(({ state }) => state.data === undefined && state.fetchStatus === 'fetching')
}

/** Asks for the results of what has ended. A list that is being loaded was asked for before the end: it is given up. */
async function readAgain(queryClient: QueryClient, id: string): Promise<void> {
  const queryKey = keys.allResults(id)
  await queryClient.cancelQueries({ queryKey })
  await queryClient.invalidateQueries({ queryKey })
}

type ResultPages = InfiniteData<Page<Result>, string>

/** Puts changed results in place of the old ones, in every list that has them. */
export function applyResults(
  queryClient: QueryClient,
  id: string,
  changed: ReadonlyMap<string, Result>,
): void {
  for (const [queryKey, pages] of queryClient.getQueriesData<ResultPages>({
    queryKey: keys.allResults(id),
  })) {
    if (!pages) continue
    const { status } = queryKey.at(-1) as ResultFilter
    queryClient.setQueryData<ResultPages>(queryKey, withResults(pages, changed))
    // Which rows a filtered list has is for the server to say.
    if (status) void queryClient.invalidateQueries({ queryKey }, { cancelRefetch: false })
  }
}

/** The pages with the changed rows in place of the old ones; pages without any stay the same object. */
export function withResults(pages: ResultPages, changed: ReadonlyMap<string, Result>): ResultPages {
  return {
    ...pages,
    pages: pages.pages.map((page) =>
      page.items.some(({ id }) => changed.has(id))
        ? { ...page, items: page.items.map((row) => changed.get(row.id) ?? row) }
        : page,
    ),
  }
}

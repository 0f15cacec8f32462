import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import type { NewExecution, Preview } from '@/api/types'
import { uuid } from '@/lib/random'

/** Starts an execution. The same wish keeps its key, so that trying again after silence never runs it twice. */
export function useRun() {
  const queryClient = useQueryClient()
  const last = useRef({ wish: '', key: '' })
  return useMutation({
    mutationFn: (body: NewExecution) => {
      // Looking at a preview first makes no other wish of it.
      const wish = JSON.stringify({ ...body, preview_sha256: undefined })
      if (last.current.wish !== wish) last.current = { wish, key: uuid() }
      return answer(
        api.POST('/api/v3/executions', { params: { header: { 'Idempotency-Key': last.current.key } }, body }),
      )
    },
    onSuccess: (execution) => {
      queryClient.setQueryData(keys.execution(execution.id), execution)
      return queryClient.invalidateQueries({ queryKey: keys.executionLists })
    },
  })
}

/** Tells what this would do and where, without doing it. */
export function usePreview() {
  return useMutation({
    mutationFn: (body: NewExecution): Promise<Preview> =>
      answer(api.POST('/api/v3/executions/preview', { body })),
  })
}

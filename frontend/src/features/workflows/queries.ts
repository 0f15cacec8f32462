import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { Workflow, WorkflowVersion } from '@/api/types'

/** Where Node-RED's editor is, on our own origin. */
export const EDITOR = '/nodered/'

const LOOK_AGAIN = 4_000 // ms between two looks while the editor does not answer

/** Whether the editor answers; asked before it is framed, since a frame does not tell its page of a failure. */
export function useEditor() {
  return useQuery({
    queryKey: keys.editor,
    queryFn: ({ signal }) => reach(signal),
    retry: false,
    refetchInterval: ({ state }) => (state.status === 'error' && !refused(state.error) ? LOOK_AGAIN : false),
    // An editor that is open stays open: it has its own words for a lost connection, and unsaved work.
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  })
}

async function reach(signal: AbortSignal): Promise<true> {
  let response: Response
  try {
    response = await fetch(EDITOR, { method: 'HEAD', redirect: 'manual', signal })
  } catch {
    throw new ApiError(0, undefined)
  }
  if (response.ok) return true
  // Whoever is not signed in is sent elsewhere, and where to is hidden from us.
  throw new ApiError(response.type === 'opaqueredirect' ? 401 : response.status, undefined)
}

export function refused(error: Error | null): boolean {
  return error instanceof ApiError && (error.status === 401 || error.status === 403)
}

export function useWorkflows() {
  return useInfiniteQuery(
    pagedQuery<Workflow>(keys.workflows, (query, signal) =>
      answer(api.GET('/api/v3/workflows', { params: { query }, signal })),
    ),
  )
}

export function useWorkflowVersions(id: string) {
  return useInfiniteQuery(
    pagedQuery<WorkflowVersion>(keys.workflowVersions(id), (query, signal) =>
      answer(
        api.GET('/api/v3/workflows/{flow_id}/versions', { params: { path: { flow_id: id }, query }, signal }),
      ),
    ),
  )
}

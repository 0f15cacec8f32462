import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import i18next from 'i18next'
import { answer, api } from '@/api/client'
import { ApiError } from '@/api/errors'
import { keys } from '@/api/keys'
import { everyRow, pagedQuery, rowsOf } from '@/api/paging'
import type { Deploy, FlowDocument, ImportFlow, Workflow, WorkflowVersion } from '@/api/types'
import { tellDone, tellFailed } from '@/components/feedback'
import { saveDocument } from './document'

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

/** How far Node-RED is boxed in; that changes only with a restart. */
export function useBox() {
  return useQuery({
    queryKey: keys.box,
    queryFn: ({ signal }) => answer(api.GET('/api/v3/workflows/box', { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

/** Every deployed flow, for choosing one by its name. */
export function useAllWorkflows() {
  return useQuery({
    queryKey: keys.allWorkflows,
    queryFn: ({ signal }) =>
      everyRow<Workflow>((query) => answer(api.GET('/api/v3/workflows', { params: { query }, signal }))),
  })
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

/** The number of a flow's newest version. */
export function useNewestVersion(id: string): number | undefined {
  return rowsOf(useWorkflowVersions(id).data)?.[0]?.version
}

export function useFlowVersion(id: string, version: number) {
  return useQuery({
    queryKey: keys.workflowVersion(id, version),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/workflows/{flow_id}/versions/{version}', {
          params: { path: { flow_id: id, version } },
          signal,
        }),
      ),
  })
}

export function useFlowDiff(id: string, before: number, after: number) {
  return useQuery({
    queryKey: keys.workflowDiff(id, before, after),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/workflows/{flow_id}/diff', {
          params: { path: { flow_id: id }, query: { before, after } },
          signal,
        }),
      ),
    enabled: before > 0 && after > 0,
  })
}

/** Makes a version of a flow the present one. */
export function useRestore(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (version: number) =>
      answer(
        api.POST('/api/v3/workflows/{flow_id}/versions/{version}/restore', {
          params: { path: { flow_id: id, version } },
        }),
      ),
    onSuccess: (_, version) => {
      tellDone(i18next.t('workflows.restored', { number: version }))
      void queryClient.invalidateQueries({ queryKey: keys.workflows })
    },
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('workflows.restore') }), error),
  })
}

export function useDeploys() {
  return useInfiniteQuery(
    pagedQuery<Deploy>(keys.deploys, (query, signal) =>
      answer(api.GET('/api/v3/deploys', { params: { query }, signal })),
    ),
  )
}

/** Makes a whole deploy the present one. */
export function useRestoreDeploy() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (number: number) =>
      answer(api.POST('/api/v3/deploys/{number}/restore', { params: { path: { number } } })),
    onSuccess: (_, number) => {
      tellDone(i18next.t('workflows.restoredDeploy', { number }))
      void queryClient.invalidateQueries({ queryKey: keys.workflows })
    },
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('workflows.restore') }), error),
  })
}

export function useDescribeDeploy(number: number) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (message: string) =>
      answer(api.PATCH('/api/v3/deploys/{number}', { params: { path: { number } }, body: { message } })),
    onSettled: () => queryClient.invalidateQueries({ queryKey: keys.deploys }),
    onError: (error) =>
      tellFailed(i18next.t('errors.failed', { what: i18next.t('workflows.message') }), error),
  })
}

function exported(flowId: string, signal?: AbortSignal): Promise<FlowDocument> {
  const params = { path: { flow_id: flowId } }
  return answer(api.GET('/api/v3/workflows/{flow_id}/export', { params, signal }))
}

/** A deployed flow with all it uses, to be saved elsewhere. */
export function useFlowDocument(flowId: string) {
  return useQuery({
    queryKey: keys.workflowDocument(flowId),
    queryFn: ({ signal }) => exported(flowId, signal),
    gcTime: 0,
  })
}

/** Saves a deployed flow as a file. */
export function useExportFlow({ flow_id: flowId, name }: Workflow) {
  return useMutation({
    mutationFn: () => exported(flowId),
    onSuccess: saveDocument,
    onError: (error) => tellFailed(i18next.t('workflows.exportFailed', { name }), error),
  })
}

/** What an import of a document would do. */
export function useImportPreview(document: FlowDocument) {
  return useQuery({
    queryKey: keys.importPreview(document),
    queryFn: ({ signal }) =>
      answer(api.POST('/api/v3/workflows/import/preview', { body: { document }, signal })),
    gcTime: 0,
    retry: false,
  })
}

export function useImportFlow() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: ImportFlow) => answer(api.POST('/api/v3/workflows/import', { body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.workflows }),
  })
}

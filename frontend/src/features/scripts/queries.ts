import {
  keepPreviousData,
  queryOptions,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { NewScript, SavedScript, ScriptChange, ScriptRow, ScriptVersion } from '@/api/types'
import type { ScriptFilter } from './filter'

export function useScriptList(filter: ScriptFilter) {
  return useInfiniteQuery({
    ...pagedQuery<ScriptRow>(keys.scriptList(filter), (page, signal) =>
      answer(api.GET('/api/v3/scripts', { params: { query: { ...filter, ...page } }, signal })),
    ),
    placeholderData: keepPreviousData,
  })
}

function at(id: string) {
  return { params: { path: { script_id: id } } }
}

export function scriptQuery(id: string) {
  return queryOptions({
    queryKey: keys.script(id),
    queryFn: ({ signal }) => answer(api.GET('/api/v3/scripts/{script_id}', { ...at(id), signal })),
  })
}

/** One script by its id; none where there is no id yet. */
export function useOneScript(id: string | undefined) {
  return useQuery({ ...scriptQuery(id ?? ''), enabled: id !== undefined }).data
}

export function useScript(id: string) {
  return useQuery(scriptQuery(id))
}

function useScriptDeed<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.scripts }),
  })
}

export type ScriptToSave = NewScript & Pick<ScriptChange, 'message'>

/** Adds a script, or changes the one with this id, based on the version the change was made from. */
export function useSaveScript(id: string | undefined) {
  return useScriptDeed(
    ({ basedOn, ...body }: ScriptToSave & { basedOn: number | undefined }): Promise<SavedScript> =>
      id === undefined
        ? answer(api.POST('/api/v3/scripts', { body }))
        : answer(
            api.PATCH('/api/v3/scripts/{script_id}', {
              ...at(id),
              body: { ...body, based_on: basedOn ?? 1 },
            }),
          ),
  )
}

export function useDeleteScript() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => answer(api.DELETE('/api/v3/scripts/{script_id}', at(id))),
    onSuccess: (_, id) => {
      queryClient.removeQueries({ queryKey: keys.script(id) })
      return queryClient.invalidateQueries({ queryKey: keys.scripts })
    },
  })
}

export function useScriptVersions(id: string) {
  return useInfiniteQuery(
    pagedQuery<ScriptVersion>(keys.scriptVersions(id), (query, signal) =>
      answer(
        api.GET('/api/v3/scripts/{script_id}/versions', {
          params: { path: { script_id: id }, query },
          signal,
        }),
      ),
    ),
  )
}

export function useScriptDiff(id: string, from: number, to: number) {
  return useQuery({
    queryKey: keys.scriptDiff(id, from, to),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/scripts/{script_id}/diff', {
          params: { path: { script_id: id }, query: { from, to } },
          signal,
        }),
      ),
    staleTime: Number.POSITIVE_INFINITY, // versions never change
  })
}

export function useRestoreVersion(id: string) {
  return useScriptDeed(({ version, basedOn }: { version: number; basedOn: number }) =>
    answer(
      api.POST('/api/v3/scripts/{script_id}/versions/{version}/restore', {
        params: { path: { script_id: id, version } },
        body: { based_on: basedOn },
      }),
    ),
  )
}

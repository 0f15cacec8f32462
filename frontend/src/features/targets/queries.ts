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
import { everyRow, type PageRequest, pagedQuery } from '@/api/paging'
import type { Target, TargetChange } from '@/api/types'
import type { TargetFilter } from './filter'

export function targetPage(filter: TargetFilter) {
  return (page: PageRequest, signal?: AbortSignal) =>
    answer(api.GET('/api/v3/targets', { params: { query: { ...filter, ...page } }, signal }))
}

export function useTargetList(filter: TargetFilter) {
  return useInfiniteQuery({
    ...pagedQuery<Target>(keys.targetList(filter), targetPage(filter)),
    placeholderData: keepPreviousData,
  })
}

/** Every target that matches, for "select all matching". */
export function everyTarget(filter: TargetFilter): Promise<Target[]> {
  return everyRow<Target>(targetPage(filter))
}

export function useTargetFacets() {
  return useQuery({
    queryKey: keys.targetFacets,
    queryFn: ({ signal }) => answer(api.GET('/api/v3/targets/facets', { signal })),
  })
}

function at(id: string) {
  return { params: { path: { target_id: id } } }
}

export function targetQuery(id: string) {
  return queryOptions({
    queryKey: keys.target(id),
    queryFn: ({ signal }) => answer(api.GET('/api/v3/targets/{target_id}', { ...at(id), signal })),
  })
}

export function useTarget(id: string) {
  return useQuery(targetQuery(id))
}

function useTargetChange<Input, Output>(mutationFn: (input: Input) => Promise<Output>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn,
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.targets }),
  })
}

export function useSaveTarget(id: string | undefined) {
  return useTargetChange((body: TargetChange) =>
    id === undefined
      ? answer(api.POST('/api/v3/targets', { body }))
      : answer(api.PATCH('/api/v3/targets/{target_id}', { ...at(id), body })),
  )
}

export function useDeleteTarget() {
  return useTargetChange((id: string) => answer(api.DELETE('/api/v3/targets/{target_id}', at(id))))
}

export function useTestTarget(id: string) {
  return useTargetChange((_: undefined) => answer(api.POST('/api/v3/targets/{target_id}/test', at(id))))
}

export function useApproveKey(id: string) {
  return useTargetChange((fingerprint: string) =>
    answer(api.PUT('/api/v3/targets/{target_id}/host-key', { ...at(id), body: { fingerprint } })),
  )
}

export function useForgetKey(id: string) {
  return useTargetChange((_: undefined) => answer(api.DELETE('/api/v3/targets/{target_id}/host-key', at(id))))
}

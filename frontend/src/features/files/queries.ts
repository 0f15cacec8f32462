import { keepPreviousData, useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { API, answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery } from '@/api/paging'
import type { StoredFile } from '@/api/types'
import type { FileFilter } from './filter'

export function useFiles(filter: FileFilter) {
  return useInfiniteQuery({
    ...pagedQuery<StoredFile>(keys.fileList(filter), (page, signal) =>
      answer(api.GET('/api/v3/files', { params: { query: { ...filter, ...page } }, signal })),
    ),
    placeholderData: keepPreviousData,
  })
}

export function useDeleteFile() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/api/v3/files/{file_id}', { params: { path: { file_id: id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.files }),
  })
}

/** Where the browser fetches a file's content itself, so that it never is in our memory. */
export function contentAddress(id: string): string {
  return `${API}/files/${id}/content`
}

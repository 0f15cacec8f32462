import {
  keepPreviousData,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { API, answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery, rowsOf } from '@/api/paging'
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

/** Those that were uploaded and have this text in their names; the newest for none. */
export function useUploads(text: string): StoredFile[] {
  return rowsOf(useFiles({ purpose: 'upload', ...(text ? { q: text } : {}) }).data) ?? []
}

/** One file by its id; none where there is no id yet. */
export function useOneFile(id: string | undefined): StoredFile | undefined {
  return useQuery({
    queryKey: keys.file(id ?? ''),
    queryFn: ({ signal }) =>
      answer(api.GET('/api/v3/files/{file_id}', { params: { path: { file_id: id ?? '' } }, signal })),
    enabled: id !== undefined,
  }).data
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

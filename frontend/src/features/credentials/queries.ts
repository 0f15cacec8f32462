import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { everyRow } from '@/api/paging'
import type { Credential, CredentialChange, NewCredential } from '@/api/types'

/** All credentials: there are tens of them, and the picker of the target form needs each. */
export const credentialsQuery = queryOptions({
  queryKey: keys.credentials,
  queryFn: ({ signal }) =>
    everyRow<Credential>((query) => answer(api.GET('/api/v3/credentials', { params: { query }, signal }))),
})

export function useCredentials() {
  return useQuery(credentialsQuery)
}

export function useCredential(id: string) {
  return useQuery({
    queryKey: keys.credential(id),
    queryFn: ({ signal }) =>
      answer(
        api.GET('/api/v3/credentials/{credential_id}', { params: { path: { credential_id: id } }, signal }),
      ),
  })
}

export function useAddCredential() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: NewCredential) => answer(api.POST('/api/v3/credentials', { body })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.credentials }),
  })
}

export function useChangeCredential(id: string) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (body: CredentialChange) =>
      answer(
        api.PATCH('/api/v3/credentials/{credential_id}', { params: { path: { credential_id: id } }, body }),
      ),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.credentials }),
  })
}

export function useDeleteCredential() {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn: (id: string) =>
      answer(api.DELETE('/api/v3/credentials/{credential_id}', { params: { path: { credential_id: id } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.credentials }),
  })
}

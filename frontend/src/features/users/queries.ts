import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { everyRow } from '@/api/paging'
import type { NewUser, User, UserChange } from '@/api/types'

/** All users: there are tens of them. */
export function useUsers() {
  return useQuery({
    queryKey: keys.users,
    queryFn: ({ signal }) =>
      everyRow<User>((query) => answer(api.GET('/api/v3/users', { params: { query }, signal }))),
  })
}

function useUserChange<Input>(mutationFn: (input: Input) => Promise<User>) {
  const queryClient = useQueryClient()
  return useMutation({
    mutationFn,
    // Somebody may have changed themselves: their name and role show in the shell.
    onSuccess: () =>
      Promise.all([
        queryClient.invalidateQueries({ queryKey: keys.users }),
        queryClient.invalidateQueries({ queryKey: keys.session }),
      ]),
  })
}

export function useAddUser() {
  return useUserChange((body: NewUser) => answer(api.POST('/api/v3/users', { body })))
}

export function useChangeUser(id: string) {
  return useUserChange((body: UserChange) =>
    answer(api.PATCH('/api/v3/users/{user_id}', { params: { path: { user_id: id } }, body })),
  )
}

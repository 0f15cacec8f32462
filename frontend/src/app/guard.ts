/** The way to a page for who is not signed in yet. */
import type { QueryClient } from '@tanstack/react-query'
import { redirect } from '@tanstack/react-router'
import { isApiError } from '@/api/errors'
import { sessionQuery, setupQuery } from '@/features/auth/session'

/** Sends to the sign-in, or to the set-up of a new installation, whoever is not signed in. */
export async function signedIn(queryClient: QueryClient, here: string): Promise<void> {
  try {
    await queryClient.ensureQueryData(sessionQuery)
  } catch (error) {
    if (!isApiError(error) || error.status !== 401) throw error
    const { needed } = await queryClient.fetchQuery(setupQuery)
    if (needed) throw redirect({ to: '/setup' })
    throw redirect({ to: '/login', search: here === '/' ? {} : { next: here } })
  }
}

/** Keeps the sign-in and the set-up apart: only one of them makes sense at a time. */
export async function setupIsNeeded(queryClient: QueryClient): Promise<boolean> {
  try {
    return (await queryClient.fetchQuery(setupQuery)).needed
  } catch {
    // The form says what is wrong once it is sent; a page that cannot be reached says less.
    return false
  }
}

import { QueryClient } from '@tanstack/react-query'
import { isApiError } from '@/api/errors'

const MOST_TRIES = 2

/** A refusal stays a refusal; only silence and a server in trouble are worth another try. */
function worthAnotherTry(failures: number, error: unknown): boolean {
  const refused = isApiError(error) && error.status >= 400 && error.status < 500
  return !refused && failures < MOST_TRIES
}

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: { staleTime: 10_000, retry: worthAnotherTry },
      mutations: { retry: false },
    },
  })
}

/** The typed client of the API: answers come back as data, refusals are thrown as `ApiError`. */
import createClient from 'openapi-fetch'
import { ApiError } from './errors'
import type { paths } from './schema'

export const API = '/api/v3'

let onSignedOut: () => void = () => {}

/** Tells what happens when the session has ended; the router sets it once. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler
}

// `fetch` is looked up at each call, not bound when this module loads.
export const api = createClient<paths>({
  baseUrl: typeof location === 'undefined' ? '' : location.origin,
  fetch: (request) => fetch(request),
  headers: { Accept: 'application/json' },
})

interface Answer<T> {
  data?: T
  error?: unknown
  response: Response
}

// A refused sign-in is a 401 too, but no session has ended by it.
const WITHOUT_SESSION = ['/auth/login', '/setup']

/** Returns the data of an answer, or throws what went wrong. */
export async function answer<T>(call: Promise<Answer<T>>): Promise<T> {
  let result: Answer<T>
  try {
    result = await call
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, undefined)
  }
  const { response } = result
  if (response.ok) return result.data as T
  if (response.status === 401 && !WITHOUT_SESSION.some((path) => response.url.endsWith(path))) onSignedOut()
  throw new ApiError(
    response.status,
    result.error as never,
    response.headers.get('x-request-id') ?? undefined,
  )
}

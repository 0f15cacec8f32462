/** What the API says when it refuses, and what we say when it does not answer at all. */

export interface FieldError {
  field: string
  message: string
}

interface Body {
  detail?: unknown
  code?: unknown
  request_id?: unknown
  errors?: FieldError[] | null
}

/** `status` is 0 when no answer came. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly requestId: string | undefined
  readonly fields: FieldError[]

  constructor(status: number, body: Body | string | undefined, requestId?: string) {
    const answer: Body = typeof body === 'object' && body !== null ? body : {}
    super(typeof answer.detail === 'string' ? answer.detail : '')
    this.name = 'ApiError'
    this.status = status
    this.code = typeof answer.code === 'string' ? answer.code : status === 0 ? 'no_answer' : `http_${status}`
    this.requestId = typeof answer.request_id === 'string' ? answer.request_id : requestId
    this.fields = answer.errors ?? []
  }
}

export function isApiError(error: unknown, ...codes: string[]): error is ApiError {
  return error instanceof ApiError && (codes.length === 0 || codes.includes(error.code))
}

/** The errors of a form by field name; "body.actions.0.command" counts for "command" as well as for its whole path. */
export function fieldErrors(error: unknown, known: readonly string[]): Record<string, string> {
  if (!isApiError(error)) return {}
  const found: Record<string, string> = {}
  for (const { field, message } of error.fields) {
    const name = known.find((candidate) => field === candidate || field.split('.').includes(candidate))
    if (name) found[name] ??= message
  }
  return found
}

import i18next from 'i18next'
import { ApiError } from '@/api/errors'

/** What went wrong, in the server's words where it has some. */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (error.message) return error.message
  return error.status === 0
    ? i18next.t('errors.noAnswer')
    : i18next.t('errors.unexpected', { status: error.status })
}

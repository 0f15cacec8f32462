/** What a token can be good for, each with where its words are in the catalogue. */
import type { TokenScope } from '@/api/types'

export const scopeWords = {
  'session.read': 'account',
  'targets.read': 'targets',
  'scripts.read': 'scripts',
  'files.read': 'kept',
  'files.write': 'files',
  'executions.read': 'read',
  'executions.run': 'run',
  'executions.cancel': 'cancel',
  'notifications.read': 'channels',
  'notifications.send': 'notify',
  'audit.write': 'audit',
} as const satisfies Record<TokenScope, string>

export const tokenScopes = Object.keys(scopeWords) as TokenScope[]

export function isTokenScope(scope: string): scope is TokenScope {
  return scope in scopeWords
}

/** The rules for a new password: length, and not the user name. Nothing else makes a password better. */
export const SHORTEST_PASSWORD = 12

export type PasswordProblem = { kind: 'short'; missing: number } | { kind: 'is_name' }

export function passwordProblem(password: string, username: string): PasswordProblem | undefined {
  const length = Array.from(password).length
  if (length < SHORTEST_PASSWORD) return { kind: 'short', missing: SHORTEST_PASSWORD - length }
  if (password.toLowerCase() === username.toLowerCase()) return { kind: 'is_name' }
  return undefined
}

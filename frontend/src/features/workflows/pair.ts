/** Which two versions of a flow are compared. */

/** The older comes first, so that what was added is told as added. */
export interface Pair {
  before: number
  after: number
}

/**
 * Returns what a version is compared with: the one that was chosen; else the newest with the one before it (what did it
 * change), others with the newest (what would change). Nothing where there is only one.
 */
export function pairOf(version: number, newest: number, against: number | undefined): Pair | null {
  const chosen = against !== undefined && against !== version && against <= newest ? against : undefined
  const other = chosen ?? (version === newest ? version - 1 : newest)
  return other > 0 ? { before: Math.min(version, other), after: Math.max(version, other) } : null
}

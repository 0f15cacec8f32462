/** The first characters of an id: enough to tell two apart by eye. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** A name that every file system takes. */
export function fileName(...parts: string[]): string {
  return parts.join('-').replace(/[^\w.-]+/g, '_')
}

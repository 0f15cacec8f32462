/** The first characters of an id: enough to tell two apart by eye. */
export function shortId(id: string): string {
  return id.slice(0, 8)
}

/** Makes the browser save a text under a name. */
export function saveAs(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}

/** A name that every file system takes. */
export function fileName(...parts: string[]): string {
  return parts.join('-').replace(/[^\w.-]+/g, '_')
}

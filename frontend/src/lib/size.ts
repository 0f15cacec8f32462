/** Bytes as "312 B", "4.1 KiB", "14 MiB". */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB']
  let value = count
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${unit === 0 || value >= 10 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** The bytes of a text as UTF-8. */
export function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}

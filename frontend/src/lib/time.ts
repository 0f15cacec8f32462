/** Instants and durations as people read them; exact values are for the tooltip. */

const STEPS: [limit: number, size: number, unit: Intl.RelativeTimeFormatUnit][] = [
  [60, 1, 'second'],
  [3600, 60, 'minute'],
  [86_400, 3600, 'hour'],
  [86_400 * 30, 86_400, 'day'],
  [86_400 * 365, 86_400 * 30, 'month'],
  [Number.POSITIVE_INFINITY, 86_400 * 365, 'year'],
]

/** "3 minutes ago"; under 10 s it is "now", so that a clock that is a little off does not say "in 2 seconds". */
export function relative(iso: string, now: number, locale: string): string {
  const seconds = (Date.parse(iso) - now) / 1000
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'long' })
  const distance = Math.abs(seconds)
  if (distance < 10) return format.format(0, 'second')
  const [, size, unit] = STEPS.find(([limit]) => distance < limit) ?? [0, 1, 'second' as const]
  return format.format(Math.trunc(seconds / size), unit)
}

/** The exact instant in the reader's zone, with the zone named. */
export function exact(iso: string, locale: string): string {
  return new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(new Date(iso))
}

/** Milliseconds as "340 ms", "4.2 s", "2 min 05 s", "1 h 12 min". */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`
}

/** Milliseconds from `start` to `end`, or to now while it goes on. */
export function elapsed(start: string, end: string | null | undefined, now: number): number {
  return Math.max(0, (end ? Date.parse(end) : now) - Date.parse(start))
}

/** An instant as the clock on the wall of its own zone shows it: "Sat, 28 Nov 2026, 22:00". */
export function wallTime(withOffset: string, locale: string): string {
  const wall = withOffset.replace(/(Z|[+-]\d\d:?\d\d)$/, '')
  return new Intl.DateTimeFormat(locale, {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZone: 'UTC', // the digits are those of the wall already
  }).format(new Date(`${wall}Z`))
}

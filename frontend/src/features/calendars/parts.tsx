/** How a calendar stands, in the same marks wherever it is shown. */
import { Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AppliedCalendar, Calendar, CalendarWindow } from '@/api/types'
import { BanIcon, CheckIcon, WarningIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import classes from './calendars.module.css'
import { clock, WEEKDAYS, weekOf } from './values'

type Standing = Pick<AppliedCalendar, 'open' | 'changes_at' | 'enforcement'>

/** Open or closed, and until when; one that only warns is no danger. */
export function StandingBadge({ open, changes_at, enforcement }: Standing) {
  const { t } = useTranslation()
  const closedTone = enforcement === 'block' ? 'danger' : 'warning'
  const ClosedIcon = enforcement === 'block' ? BanIcon : WarningIcon
  return (
    <Group gap={8} wrap="wrap">
      <ToneBadge tone={open ? 'success' : closedTone} icon={open ? CheckIcon : ClosedIcon}>
        {open ? t('calendars.open') : t('calendars.closed')}
      </ToneBadge>
      <Text span size="xs" c="dimmed">
        {changes_at ? (
          <>
            {open ? t('calendars.closes') : t('calendars.opens')} <Time at={changes_at} />
          </>
        ) : (
          t('calendars.always')
        )}
      </Text>
    </Group>
  )
}

/** The kind of a calendar, and whether it only warns. */
export function KindText({ kind, enforcement }: Pick<Calendar, 'kind' | 'enforcement'>) {
  const { t } = useTranslation()
  return (
    <span>
      {t(`calendars.kinds.${kind}`)}
      {enforcement === 'warn' && (
        <Text span inherit c="dimmed">
          {`, ${t('calendars.warns')}`}
        </Text>
      )}
    </span>
  )
}

export function ScopeText({ scope, tags, target_ids }: Pick<Calendar, 'scope' | 'tags' | 'target_ids'>) {
  const { t } = useTranslation()
  if (scope === 'all') return t('calendars.allTargets')
  if (scope === 'tags') return t('calendars.tagged', { tags: tags.join(', ') })
  return t('calendars.picked', { count: target_ids.length })
}

interface WeekProps {
  windows: CalendarWindow[]
  kind: Calendar['kind']
  zone: string
}

/** A week as seven bars from midnight to midnight; each says its times in words as well. */
export function Week({ windows, kind, zone }: WeekProps) {
  const { t } = useTranslation()
  const days = weekOf(windows)
  return (
    <figure className={classes.week}>
      <figcaption className={classes.weekTitle}>{t('calendars.week', { zone })}</figcaption>
      <ul className={classes.days}>
        {days.map((spans, index) => {
          const day = t(`calendars.days.${WEEKDAYS[index] ?? 'mon'}`)
          const times = spans.map(({ from, to }) => `${clock(from)}–${clock(to)}`).join(', ')
          const label = times ? t('calendars.dayWindows', { day, times }) : t('calendars.dayNone', { day })
          return (
            <li key={day} className={classes.day} title={label}>
              <span aria-hidden>{day}</span>
              <svg
                className={classes.track}
                viewBox="0 0 1440 10"
                preserveAspectRatio="none"
                role="img"
                aria-label={label}
              >
                {[360, 720, 1080].map((hour) => (
                  <line key={hour} x1={hour} x2={hour} y1="0" y2="10" className={classes.hour} />
                ))}
                {spans.map(({ from, to }) => (
                  <rect key={from} x={from} width={to - from} y="0" height="10" data-kind={kind} />
                ))}
              </svg>
            </li>
          )
        })}
      </ul>
      <div className={classes.hours} aria-hidden>
        {['00', '06', '12', '18', '24'].map((hour) => (
          <span key={hour}>{hour}</span>
        ))}
      </div>
      {windows.some(({ type }) => type === 'once') && (
        <Text size="xs" c="dimmed">
          {t('calendars.weekHint')}
        </Text>
      )}
    </figure>
  )
}

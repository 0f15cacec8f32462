/** Status as icon, word and colour together; never one of them alone. */
import { VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { present, type StatusName, statuses, type Tone } from '@/lib/status'
import { BanIcon, CheckIcon, CircleIcon, type Icon, iconsByName } from './icons'
import classes from './status.module.css'

export function iconOf(status: StatusName): Icon {
  return iconsByName[statuses[status].icon] ?? CircleIcon
}

interface ToneBadgeProps {
  tone: Tone
  icon: Icon
  plain?: boolean
  children: React.ReactNode
}

/** Any short state with a meaning: `plain` leaves the ground away, for tables that would grow gaudy. */
export function ToneBadge({ tone, icon: Shape, plain, children }: ToneBadgeProps) {
  return (
    <span className={`${classes.badge} ${plain ? classes.plain : ''}`} data-tone={tone}>
      <Shape size={13} strokeWidth={2.4} />
      <span>{children}</span>
    </span>
  )
}

/** Whether something takes part or was switched off, in the words of its noun. */
export function ActiveBadge({ active, children }: { active: boolean; children: React.ReactNode }) {
  return (
    <ToneBadge tone={active ? 'success' : 'neutral'} icon={active ? CheckIcon : BanIcon} plain>
      {children}
    </ToneBadge>
  )
}

export function StatusBadge({ status, plain }: { status: StatusName; plain?: boolean }) {
  const { t } = useTranslation()
  return (
    <ToneBadge tone={statuses[status].tone} icon={iconOf(status)} plain={plain}>
      {t(`status.${status}`)}
    </ToneBadge>
  )
}

/** One bar for all targets of an execution; its text says the same. */
export function StatusBar({ counts, height = 6 }: { counts: Record<string, number>; height?: number }) {
  const { t } = useTranslation()
  const parts = present(counts)
  const label = parts.map(({ status, count }) => `${count} ${t(`status.${status}`)}`).join(', ')
  return (
    <div className={classes.bar} style={{ height }} role="img" aria-label={label || t('common.none')}>
      {parts.map(({ status, count }) => (
        <div
          key={status}
          className={classes.segment}
          style={{ flexGrow: count, flexBasis: 0 }}
          data-tone={statuses[status].tone}
          data-live={status === 'running' || undefined}
          data-waiting={status === 'scheduled' || undefined}
        />
      ))}
    </div>
  )
}

/** The counts as small figures with icons; the word comes with each. */
export function StatusCounts({ counts, words = true }: { counts: Record<string, number>; words?: boolean }) {
  const { t } = useTranslation()
  return (
    <span className={classes.counts}>
      {present(counts).map(({ status, count }) => {
        const Shape = iconOf(status)
        const word = t(`status.${status}`)
        return (
          <span key={status} className={classes.count} data-tone={statuses[status].tone} title={word}>
            <Shape size={12} strokeWidth={2.4} />
            {count}
            {words ? ` ${word.toLowerCase()}` : <VisuallyHidden>{word}</VisuallyHidden>}
          </span>
        )
      })}
    </span>
  )
}

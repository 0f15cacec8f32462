/** Why an execution stands still, or ended early. */
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { PauseIcon, WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { StatusBadge, ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import { isTerminal } from '@/lib/status'
import { batchesOf } from './batches'

export function isPaused({ status, paused_at }: Pick<Execution, 'status' | 'paused_at'>): boolean {
  return paused_at !== null && !isTerminal(status)
}

/** The status of an execution, or that it is paused. */
export function ExecutionBadge({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  if (!isPaused(execution)) return <StatusBadge status={execution.status} />
  return (
    <ToneBadge tone="warning" icon={PauseIcon}>
      {t('executions.paused')}
    </ToneBadge>
  )
}

export function Banners({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { stop_reason, max_failures } = execution
  if (isPaused(execution)) return <Paused execution={execution} />
  if (stop_reason === 'failures')
    return (
      <Notice
        tone="danger"
        icon={WarningIcon}
        title={t('executions.stoppedFailures', { count: max_failures ?? 0 })}
      >
        {t('executions.stoppedFailuresText')}
      </Notice>
    )
  if (stop_reason === 'deadline')
    return (
      <Notice tone="danger" icon={WarningIcon} title={t('executions.stoppedDeadline')}>
        {t('executions.stoppedDeadlineText')}
      </Notice>
    )
  if (stop_reason === 'window')
    return (
      <Notice tone="warning" icon={WarningIcon} title={t('executions.stoppedWindow')}>
        {t('executions.stoppedWindowText')}
      </Notice>
    )
  return null
}

function Paused({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { counts, current_batch: current, batch_count: count } = execution
  // Nothing of this batch has begun, so the pause stands between two.
  const between = current > 0 && !counts.running && batchesOf(execution)[current]?.done === 0
  return (
    <Notice
      tone="warning"
      icon={PauseIcon}
      title={between ? t('executions.pausedBatch', { next: current + 1, count }) : t('executions.pausedText')}
    >
      {t('executions.pausedSince')} <Time at={execution.paused_at} />
    </Notice>
  )
}

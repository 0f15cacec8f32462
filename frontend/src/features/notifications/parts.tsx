import { SegmentedControl } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { SentDelivery } from '@/api/types'
import {
  BanIcon,
  BellIcon,
  CheckIcon,
  ClockIcon,
  CrossIcon,
  FlameIcon,
  type Icon,
  WarningIcon,
} from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { useCan } from '@/features/auth/session'
import type { Tone } from '@/lib/status'
import type { Severity } from './filter'

const looks: Record<Severity, [Tone, Icon]> = {
  info: ['info', BellIcon],
  warning: ['warning', WarningIcon],
  error: ['danger', CrossIcon],
  critical: ['danger', FlameIcon],
}

export function SeverityBadge({ severity }: { severity: Severity }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[severity]
  return (
    <ToneBadge tone={tone} icon={icon} plain={severity !== 'critical'}>
      {t(`notifications.severities.${severity}`)}
    </ToneBadge>
  )
}

const deliveryLooks: Record<SentDelivery['status'], [Tone, Icon]> = {
  pending: ['info', ClockIcon],
  delivered: ['success', CheckIcon],
  failed: ['danger', CrossIcon],
  dropped: ['neutral', BanIcon],
}

export function DeliveryBadge({ status }: { status: SentDelivery['status'] }) {
  const { t } = useTranslation()
  const [tone, icon] = deliveryLooks[status]
  return (
    <ToneBadge tone={tone} icon={icon} plain>
      {t(`channels.statuses.${status}`)}
    </ToneBadge>
  )
}

/** The way between the list and the channels, for who may see both. */
export function Views({ view }: { view: 'list' | 'channels' }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  if (!useCan()('notifications.send')) return null
  return (
    <SegmentedControl
      size="xs"
      w="fit-content"
      mb="sm"
      aria-label={t('notifications.views')}
      value={view}
      onChange={(next) =>
        void navigate({ to: next === 'channels' ? '/notifications/channels' : '/notifications' })
      }
      data={[
        { value: 'list', label: t('notifications.list') },
        { value: 'channels', label: t('channels.title') },
      ]}
    />
  )
}

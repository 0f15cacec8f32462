import { Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { RefreshIcon, WarningIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import type { Connection } from './live'

/** Says whether what is shown follows the execution by itself. */
export function ConnectionBadge({ connection }: { connection: Connection }) {
  const { t } = useTranslation()
  if (connection === 'connecting') return null
  const live = connection === 'live'
  return (
    <Tooltip label={live ? t('executions.liveHint') : t('executions.reconnectingHint')}>
      <span>
        <ToneBadge tone={live ? 'info' : 'warning'} icon={live ? RefreshIcon : WarningIcon} plain>
          {live ? t('executions.live') : t('executions.reconnecting')}
        </ToneBadge>
      </span>
    </Tooltip>
  )
}

import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Result } from '@/api/types'
import { ask } from '@/components/feedback'
import { BanIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { isTerminal } from '@/lib/status'
import { useCancelTarget } from './steering'

/** Ends the work on this target alone. */
export function CancelTarget({ executionId, result }: { executionId: string; result: Result }) {
  const { t } = useTranslation()
  const may = useCan()('executions.cancel')
  const cancel = useCancelTarget(executionId, result.id)
  if (!may || isTerminal(result.status)) return null
  const asked = result.cancel_requested_at !== null
  const name = result.target_name
  return (
    <Button
      size="compact-xs"
      variant="default"
      leftSection={<BanIcon size={12} />}
      loading={cancel.isPending}
      disabled={asked}
      onClick={() =>
        ask({
          title: t('executions.cancelTargetTitle', { name }),
          text: t('executions.cancelTargetText'),
          confirm: t('executions.cancelTargetConfirm', { name }),
          refuse: t('executions.keepRunning'),
          onConfirm: () => cancel.mutate(),
        })
      }
    >
      {asked ? t('executions.cancelAsked') : t('executions.cancelTarget')}
    </Button>
  )
}

/** The buttons of an execution: pause, resume and cancel while it goes on, run again once it has ended. */
import { Button } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { ask } from '@/components/feedback'
import { BanIcon, PauseIcon, PlayIcon, RefreshIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { useCan } from '@/features/auth/session'
import { isPaused } from './Banners'
import { RunAgain } from './RunAgain'
import { useSteer } from './steering'

export function Controls({ execution, ended }: { execution: Execution; ended: boolean }) {
  const can = useCan()
  return (
    <>
      {!ended && can('executions.cancel') && (
        <>
          <PauseButton execution={execution} />
          <CancelButton execution={execution} />
        </>
      )}
      {can('executions.run') && (ended ? <RunAgain execution={execution} /> : <ToForm id={execution.id} />)}
    </>
  )
}

function ToForm({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <ButtonLink to="/run" search={{ again: id }} variant="default" leftSection={<RefreshIcon />}>
      {t('executions.again')}
    </ButtonLink>
  )
}

function PauseButton({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const paused = isPaused(execution)
  const steer = useSteer(execution.id, paused ? 'resume' : 'pause')
  if (execution.cancel_requested_at !== null || execution.stop_reason !== null) return null
  return (
    <Button
      variant={paused ? 'filled' : 'default'}
      leftSection={paused ? <PlayIcon /> : <PauseIcon />}
      loading={steer.isPending}
      onClick={() => steer.mutate()}
    >
      {paused ? t('executions.resume') : t('executions.pause')}
    </Button>
  )
}

function CancelButton({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const cancel = useSteer(execution.id, 'cancel')
  const asked = execution.cancel_requested_at !== null
  return (
    <Button
      variant="default"
      leftSection={<BanIcon />}
      loading={cancel.isPending}
      disabled={asked}
      onClick={() =>
        ask({
          title: t('executions.cancelTitle'),
          text: t('executions.cancelText'),
          confirm: t('executions.cancelConfirm'),
          refuse: t('executions.keepRunning'),
          onConfirm: () => cancel.mutate(),
        })
      }
    >
      {asked ? t('executions.cancelAsked') : t('executions.cancel')}
    </Button>
  )
}

/** One execution: what runs, how far it is, and what happened on each target, live. */
import { Button, Skeleton, Stack, Text } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { ask, tellFailed } from '@/components/feedback'
import { BanIcon, RefreshIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Facts, Page } from '@/components/Page'
import { StatusBadge, StatusBar, StatusCounts } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Elapsed, Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { countOf, isTerminal, statusNames } from '@/lib/status'
import { shortId } from '@/lib/text'
import { duration } from '@/lib/time'
import { ConnectionBadge } from './ConnectionBadge'
import { StartedBy } from './columns'
import { commandOf } from './command'
import classes from './executions.module.css'
import { useLive } from './live'
import { useCancel, useExecution } from './queries'
import { Results } from './Results'

export function ExecutionPage() {
  const { t } = useTranslation()
  const { executionId } = useParams({ from: '/shell/executions/$executionId' })
  const { data, error, refetch } = useExecution(executionId)
  if (data) return <ExecutionDetails execution={data} key={data.id} />
  return (
    <Page title={t('executions.title')} crumb={<ToList />}>
      {error ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton height={72} />
          <Skeleton height={12} />
          <Skeleton height={240} />
        </Stack>
      )}
    </Page>
  )
}

function ToList() {
  const { t } = useTranslation()
  return (
    <TextLink to="/executions" size="sm">
      {t('executions.title')}
    </TextLink>
  )
}

function ExecutionDetails({ execution }: { execution: Execution }) {
  const ended = isTerminal(execution.status)
  const connection = useLive(execution.id, ended)
  return (
    <Page
      title={execution.name}
      crumb={<ToList />}
      beside={
        <span role="status">
          <StatusBadge status={execution.status} />
        </span>
      }
      actions={<Actions execution={execution} ended={ended} />}
    >
      <Stack gap="lg">
        <Summary execution={execution} />
        <Progress execution={execution}>{!ended && <ConnectionBadge connection={connection} />}</Progress>
        <Results execution={execution} />
      </Stack>
    </Page>
  )
}

function Actions({ execution, ended }: { execution: Execution; ended: boolean }) {
  const { t } = useTranslation()
  const can = useCan()
  return (
    <>
      {!ended && can('executions.cancel') && <CancelButton execution={execution} />}
      {can('executions.run') && (
        <ButtonLink
          to="/run"
          search={{ again: execution.id }}
          variant={ended ? 'filled' : 'default'}
          leftSection={<RefreshIcon />}
        >
          {t('executions.again')}
        </ButtonLink>
      )}
    </>
  )
}

function CancelButton({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const cancel = useCancel(execution.id)
  const asked = execution.cancel_requested_at !== null
  const confirmed = () =>
    cancel.mutate(undefined, {
      onError: (error) => tellFailed(t('errors.failed', { what: t('executions.cancel') }), error),
    })
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
          onConfirm: confirmed,
        })
      }
    >
      {asked ? t('executions.cancelAsked') : t('executions.cancel')}
    </Button>
  )
}

function Summary({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { command, timeout } = commandOf(execution)
  return (
    <div className={classes.summary}>
      <section className={classes.command} aria-label={t('executions.command')}>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
        <pre tabIndex={0}>{command}</pre>
      </section>
      <Facts
        rows={[
          [t('executions.startedBy'), <StartedBy key="by" execution={execution} />],
          [t('executions.workflow'), execution.workflow?.node_name ?? execution.workflow?.flow_id],
          [t('executions.started'), <Time key="started" at={execution.created_at} />],
          [
            t('executions.took'),
            <Elapsed key="took" from={execution.started_at} to={execution.finished_at} />,
          ],
          [t('executions.timeLimit'), timeout && duration(timeout * 1000)],
          [
            t('executions.id'),
            <CopyText key="id" value={execution.id}>
              <code title={execution.id}>{shortId(execution.id)}</code>
            </CopyText>,
          ],
        ]}
      />
    </div>
  )
}

function Progress({ execution, children }: { execution: Execution; children: React.ReactNode }) {
  const { t } = useTranslation()
  const { counts, target_count: total } = execution
  const done = countOf(counts, statusNames.filter(isTerminal))
  return (
    <Stack gap={8}>
      <div className={classes.progressHead}>
        <Text size="sm" fw={550}>
          {t('executions.done', { done, total })}
        </Text>
        <StatusCounts counts={counts} />
        {children}
      </div>
      <StatusBar counts={counts} height={10} />
    </Stack>
  )
}

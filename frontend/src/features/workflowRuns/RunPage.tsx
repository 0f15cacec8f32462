/** One run of a flow: what started it, what each node did and when, and the executions it led to. */
import { Button, Skeleton, Stack } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { WorkflowRun, WorkflowRunDetail } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { ask } from '@/components/feedback'
import { BanIcon, WarningIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { Notice } from '@/components/Notice'
import { Facts, Page, Section } from '@/components/Page'
import { StatusBadge } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Elapsed, Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { OpenInEditor } from '@/features/workflows/OpenInEditor'
import { isTerminal } from '@/lib/status'
import { shortId } from '@/lib/text'
import { useCauseText } from './cause'
import { useCancelRun, useRun } from './queries'
import { RunExecutions } from './RunExecutions'
import { Timeline } from './Timeline'

export function RunPage() {
  const { t } = useTranslation()
  const { runId } = useParams({ from: '/shell/workflows/runs/$runId' })
  const { data, error, refetch } = useRun(runId)
  if (data) return <RunDetails run={data} key={data.id} />
  return (
    <Page title={t('workflowRuns.title')} crumb={<ToList />}>
      {error ? (
        <ErrorState error={error} onRetry={refetch} />
      ) : (
        <Stack aria-busy="true">
          <Skeleton height={72} />
          <Skeleton height={240} />
        </Stack>
      )}
    </Page>
  )
}

function ToList() {
  const { t } = useTranslation()
  return (
    <TextLink to="/workflows/runs" size="sm">
      {t('workflowRuns.title')}
    </TextLink>
  )
}

function RunDetails({ run }: { run: WorkflowRunDetail }) {
  const { t } = useTranslation()
  return (
    <Page
      title={run.workflow_name}
      crumb={<ToList />}
      beside={
        <span role="status">
          <StatusBadge status={run.status} />
        </span>
      }
      actions={
        <>
          <OpenInEditor flow={run.flow_id} node={run.error_node_id} />
          {!isTerminal(run.status) && <CancelButton run={run} />}
        </>
      }
    >
      <Stack gap="lg">
        <Reason run={run} />
        <RunFacts run={run} />
        <Section title={t('workflowRuns.steps')}>
          <Timeline run={run} />
        </Section>
        <Section title={t('workflowRuns.executions')}>
          <RunExecutions run={run} />
        </Section>
      </Stack>
    </Page>
  )
}

function Reason({ run }: { run: WorkflowRunDetail }) {
  const { t } = useTranslation()
  if (!run.error_message) return null
  const at = run.steps.find(({ node_id }) => node_id === run.error_node_id)
  const where = at && t('workflowRuns.failedAt', { node: at.node_name || at.node_type })
  return (
    <Notice
      tone={run.status === 'failed' ? 'danger' : 'warning'}
      icon={WarningIcon}
      title={where ?? t(`workflowRuns.ended.${run.status}`)}
    >
      {run.error_message}
    </Notice>
  )
}

function RunFacts({ run }: { run: WorkflowRun }) {
  const { t } = useTranslation()
  const cause = useCauseText()(run)
  return (
    <Facts
      rows={[
        [t(`workflowRuns.causes.${run.cause}`), cause],
        [t('workflowRuns.provenBy'), run.cause === 'http' ? run.started_by : null],
        [t('workflowRuns.runAs'), run.run_as ?? t('workflows.nobody')],
        [t('workflowRuns.version'), run.workflow_version],
        [t('workflowRuns.started'), <Time key="started" at={run.started_at} />],
        [t('workflowRuns.took'), <Elapsed key="took" from={run.started_at} to={run.completed_at} />],
        [t('workflowRuns.cancelledBy'), run.cancelled_by],
        [
          t('workflowRuns.id'),
          <CopyText key="id" value={run.id}>
            <code title={run.id}>{shortId(run.id)}</code>
          </CopyText>,
        ],
      ]}
    />
  )
}

function CancelButton({ run }: { run: WorkflowRun }) {
  const { t } = useTranslation()
  const cancel = useCancelRun(run.id)
  const asked = run.cancel_requested_at !== null
  if (!useCan()('runs.cancel')) return null
  return (
    <Button
      variant="default"
      leftSection={<BanIcon />}
      loading={cancel.isPending}
      disabled={asked}
      onClick={() =>
        ask({
          title: t('workflowRuns.cancelTitle'),
          text: t('workflowRuns.cancelText'),
          confirm: t('workflowRuns.cancelConfirm'),
          refuse: t('executions.keepRunning'),
          onConfirm: () => cancel.mutate(),
        })
      }
    >
      {asked ? t('executions.cancelAsked') : t('workflowRuns.cancel')}
    </Button>
  )
}

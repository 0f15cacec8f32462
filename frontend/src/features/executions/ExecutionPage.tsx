/** One execution: what runs, how far it is, and what happened on each target, live. */
import { Skeleton, Stack, Text } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { TextLink } from '@/components/links'
import { Page } from '@/components/Page'
import { StatusBar, StatusCounts } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { countOf, isTerminal, statusNames } from '@/lib/status'
import { ActionList } from './ActionList'
import { actionsOf } from './actions'
import { Banners, ExecutionBadge } from './Banners'
import { BatchProgress } from './BatchProgress'
import { ConnectionBadge } from './ConnectionBadge'
import { Controls } from './Controls'
import { ExecutionFacts } from './ExecutionFacts'
import classes from './executions.module.css'
import { useLive } from './live'
import { useExecution } from './queries'
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
          <ExecutionBadge execution={execution} />
        </span>
      }
      actions={<Controls execution={execution} ended={ended} />}
    >
      <Stack gap="lg">
        <Banners execution={execution} />
        <Summary execution={execution} />
        <Progress execution={execution}>{!ended && <ConnectionBadge connection={connection} />}</Progress>
        <Results execution={execution} />
      </Stack>
    </Page>
  )
}

function Summary({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const actions = actionsOf(execution)
  return (
    <div className={classes.summary}>
      <section className={classes.command} aria-label={t('executions.action', { count: actions.length })}>
        <ActionList actions={actions} />
      </section>
      <ExecutionFacts execution={execution} />
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
      <BatchProgress execution={execution} />
    </Stack>
  )
}

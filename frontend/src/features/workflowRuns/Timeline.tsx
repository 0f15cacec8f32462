/** The steps of a run beneath each other, each with a bar from its beginning to its end. */
import { Text, VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { WorkflowRunDetail, WorkflowRunStep } from '@/api/types'
import { TextLink } from '@/components/links'
import { iconOf } from '@/components/Status'
import { statuses } from '@/lib/status'
import { duration } from '@/lib/time'
import { useNow } from '@/lib/useNow'
import { barOf, endOf } from './bars'
import classes from './timeline.module.css'

export function Timeline({ run }: { run: WorkflowRunDetail }) {
  const { t } = useTranslation()
  const now = useNow(run.completed_at ? 60_000 : 1_000)
  if (run.steps.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('workflowRuns.noSteps')}
      </Text>
    )
  return (
    <ol className={classes.steps}>
      {run.steps.map((step) => (
        <Row key={step.node_id} run={run} step={step} now={now} />
      ))}
    </ol>
  )
}

function Row({ run, step, now }: { run: WorkflowRunDetail; step: WorkflowRunStep; now: number }) {
  const { t } = useTranslation()
  const { tone } = statuses[step.status]
  const Shape = iconOf(step.status)
  const word = t(`status.${step.status}`)
  const { left, width } = barOf(step, run, now)
  return (
    <li className={classes.step} data-tone={tone}>
      <span className={classes.icon} title={word}>
        <Shape size={14} strokeWidth={2.4} />
        <VisuallyHidden>{word}</VisuallyHidden>
      </span>
      <span className={classes.name}>
        {step.node_name || step.node_type}
        <Text span size="xs" c="dimmed">
          {step.node_name && ` ${step.node_type}`}
          {step.messages > 1 && ` · ${t('workflowRuns.messages', { count: step.messages })}`}
          {step.errors > 0 && ` · ${t('workflowRuns.errors', { count: step.errors })}`}
          <Started by={step} />
        </Text>
      </span>
      <span className={classes.track} aria-hidden="true">
        <span
          className={classes.bar}
          data-live={step.status === 'running' || undefined}
          style={{ left: `${left}%`, width: `${width}%` }}
        />
      </span>
      <span className={classes.took}>{duration(endOf(step, now) - Date.parse(step.started_at))}</span>
      {step.error_message && <p className={classes.error}>{step.error_message}</p>}
    </li>
  )
}

/** The way to what a step ran on targets; where that is more than one execution, they are listed below the steps. */
function Started({ by: { execution_ids: ids } }: { by: WorkflowRunStep }) {
  const { t } = useTranslation()
  const [only] = ids
  if (!only) return null
  if (ids.length > 1) return ` · ${t('workflowRuns.startedExecutions', { count: ids.length })}`
  return (
    <>
      {' · '}
      <TextLink to="/executions/$executionId" params={{ executionId: only }} size="xs">
        {t('workflowRuns.startedExecutions', { count: 1 })}
      </TextLink>
    </>
  )
}

/** Who started an execution, when, and how it goes through its targets. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { TextLink } from '@/components/links'
import { Facts } from '@/components/Page'
import { Elapsed, Time } from '@/components/Time'
import { shortId } from '@/lib/text'
import { StartedBy } from './columns'
import { useStrategyTexts } from './strategy'

export function ExecutionFacts({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const strategy = useStrategyTexts()(execution.strategy, execution.mode)
  return (
    <Facts
      rows={[
        [t('executions.startedBy'), <StartedBy key="by" execution={execution} />],
        [
          t('executions.workflow'),
          execution.workflow && <Place key="workflow" workflow={execution.workflow} />,
        ],
        [t('executions.started'), <Time key="started" at={execution.created_at} />],
        [t('executions.took'), <Elapsed key="took" from={execution.started_at} to={execution.finished_at} />],
        ...strategy.map(([name, value]): [string, string] => [name, value || t('common.on')]),
        [
          t('executions.startsUntil'),
          execution.starts_until && <Time key="until" at={execution.starts_until} />,
        ],
        [
          t('executions.outsideWindows'),
          execution.window_override && <Overridden key="override" override={execution.window_override} />,
        ],
        [t('executions.rerunOf'), execution.rerun_of && <Earlier key="earlier" id={execution.rerun_of} />],
        [
          t('executions.id'),
          <CopyText key="id" value={execution.id}>
            <code title={execution.id}>{shortId(execution.id)}</code>
          </CopyText>,
        ],
      ]}
    />
  )
}

/** The node that ran it, and the run of its flow. */
function Place({ workflow }: { workflow: NonNullable<Execution['workflow']> }) {
  const name = workflow.node_name ?? workflow.flow_id
  if (!workflow.run_id) return name
  return (
    <TextLink to="/workflows/runs/$runId" params={{ runId: workflow.run_id }} size="sm">
      {name}
    </TextLink>
  )
}

/** Why it was begun in spite of calendars, and which of them were closed. */
function Overridden({ override }: { override: NonNullable<Execution['window_override']> }) {
  const { t } = useTranslation()
  const { reason, calendars } = override
  const names = calendars.map(({ name }) => name).join(', ')
  return (
    <>
      {reason}
      {names && (
        <Text size="xs" c="dimmed">
          {t('executions.outsideOf', { calendars: names })}
        </Text>
      )}
    </>
  )
}

function Earlier({ id }: { id: string }) {
  const { t } = useTranslation()
  return (
    <TextLink to="/executions/$executionId" params={{ executionId: id }} size="sm">
      {t('executions.rerunOfLink')}
    </TextLink>
  )
}

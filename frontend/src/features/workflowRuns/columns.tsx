import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { WorkflowRun } from '@/api/types'
import { TextLink } from '@/components/links'
import type { Column } from '@/components/ResourceTable'
import { StatusBadge } from '@/components/Status'
import { Elapsed, Time } from '@/components/Time'
import { useCauseText } from './cause'

export function useRunColumns(): Column<WorkflowRun>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'workflow',
      header: t('workflowRuns.workflow'),
      meta: { phone: 'title' },
      cell: ({ row }) => <Name run={row.original} />,
    },
    {
      id: 'status',
      header: t('workflowRuns.status'),
      meta: { width: 120, phone: 'side' },
      cell: ({ row }) => <StatusBadge status={row.original.status} />,
    },
    { id: 'cause', header: t('workflowRuns.cause'), cell: ({ row }) => <Cause run={row.original} /> },
    {
      id: 'executions',
      header: t('workflowRuns.executions'),
      meta: { width: 100, align: 'right', phone: 'hide' },
      cell: ({ row }) => row.original.execution_count,
    },
    {
      id: 'started',
      header: t('workflowRuns.started'),
      cell: ({ row }) => <Time at={row.original.started_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'took',
      header: t('workflowRuns.took'),
      meta: { width: 100, align: 'right' },
      cell: ({ row }) => <Elapsed from={row.original.started_at} to={row.original.completed_at} />,
    },
  ]
}

/** Its flow, and below why it failed. */
function Name({ run }: { run: WorkflowRun }) {
  return (
    <>
      <TextLink
        to="/workflows/runs/$runId"
        params={{ runId: run.id }}
        c="inherit"
        fw={550}
        size="sm"
        style={{ overflowWrap: 'anywhere' }}
      >
        {run.workflow_name}
      </TextLink>
      {run.error_message && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {run.error_message}
        </Text>
      )}
    </>
  )
}

function Cause({ run }: { run: WorkflowRun }) {
  return <>{useCauseText()(run)}</>
}

/** The executions that a run has started: the way to their results and outputs. */
import { Skeleton, Text } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { WorkflowRun } from '@/api/types'
import { ResourceTable } from '@/components/ResourceTable'
import { ErrorState } from '@/components/states'
import { useExecutionColumns } from '@/features/executions/columns'
import { useRunExecutions } from './queries'

export function RunExecutions({ run }: { run: WorkflowRun }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const columns = useExecutionColumns()
  const { data, error, refetch } = useRunExecutions(run)
  if (error && !data) return <ErrorState error={error} onRetry={refetch} compact />
  if (!data) return <Skeleton height={64} />
  if (data.items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('workflowRuns.noExecutions')}
      </Text>
    )
  return (
    <ResourceTable
      label={t('workflowRuns.executions')}
      columns={columns}
      rows={data.items}
      rowId={(row) => row.id}
      onRowClick={({ id }) => void navigate({ to: '/executions/$executionId', params: { executionId: id } })}
      empty={null}
    />
  )
}

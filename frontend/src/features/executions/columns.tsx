import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { TextLink } from '@/components/links'
import type { Column } from '@/components/ResourceTable'
import { StatusBar, StatusCounts } from '@/components/Status'
import { Elapsed, Time } from '@/components/Time'
import { actionsOf } from './actions'
import { ExecutionBadge } from './Banners'
import classes from './executions.module.css'

export function useExecutionColumns(): Column<Execution>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('executions.name'),
      meta: { phone: 'title' },
      cell: ({ row }) => <Name execution={row.original} />,
    },
    {
      id: 'status',
      header: t('executions.status'),
      meta: { width: 120, phone: 'side' },
      cell: ({ row }) => <ExecutionBadge execution={row.original} />,
    },
    {
      id: 'progress',
      header: t('executions.progress'),
      meta: { width: 220 },
      cell: ({ row }) => <Progress execution={row.original} />,
    },
    {
      id: 'targets',
      header: t('executions.targets'),
      meta: { width: 80, align: 'right', phone: 'hide' },
      cell: ({ row }) => row.original.target_count,
    },
    {
      id: 'by',
      header: t('executions.startedBy'),
      cell: ({ row }) => <StartedBy execution={row.original} />,
    },
    {
      id: 'started',
      header: t('executions.started'),
      cell: ({ row }) => <Time at={row.original.created_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'took',
      header: t('executions.took'),
      meta: { width: 100, align: 'right' },
      cell: ({ row }) => <Elapsed from={row.original.started_at} to={row.original.finished_at} />,
    },
  ]
}

/** Its name, and below what it does where that says more. */
function Name({ execution }: { execution: Execution }) {
  const actions = actionsOf(execution).map(({ label }) => label)
  return (
    <>
      <TextLink
        to="/executions/$executionId"
        params={{ executionId: execution.id }}
        c="inherit"
        fw={550}
        size="sm"
        style={{ overflowWrap: 'anywhere' }}
      >
        {execution.name}
      </TextLink>
      {(actions.length > 1 || actions[0] !== execution.name) && (
        <Text size="xs" c="dimmed" lineClamp={1} className={classes.deeds}>
          {actions.join(' → ')}
        </Text>
      )}
    </>
  )
}

function Progress({ execution: { counts } }: { execution: Execution }) {
  return (
    <div className={classes.progress}>
      <StatusBar counts={counts} />
      <StatusCounts counts={counts} words={false} />
    </div>
  )
}

export function StartedBy({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  return (
    <span>
      {execution.created_by.username}
      {execution.workflow && (
        <Text span inherit c="dimmed">
          {' '}
          {t('executions.byWorkflow')}
        </Text>
      )}
    </span>
  )
}

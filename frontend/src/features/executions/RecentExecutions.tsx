/** The newest few executions as a short list, for places beside a page's own matter. */
import { Group, Skeleton, Stack, Text } from '@mantine/core'
import type { Execution } from '@/api/types'
import { TextLink } from '@/components/links'
import { StatusBadge } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import classes from './executions.module.css'
import { useRecentExecutions } from './queries'

interface RecentExecutionsProps {
  targetId?: string
  limit?: number
  empty: string
}

export function RecentExecutions({ targetId, limit = 5, empty }: RecentExecutionsProps) {
  const { data, error, refetch } = useRecentExecutions(limit, targetId)
  if (error && !data) return <ErrorState error={error} onRetry={refetch} compact />
  if (!data)
    return (
      <Stack gap="xs">
        <Skeleton height={20} />
        <Skeleton height={20} />
        <Skeleton height={20} />
      </Stack>
    )
  if (data.items.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {empty}
      </Text>
    )
  return (
    <ul className={classes.recent}>
      {data.items.map((execution) => (
        <li key={execution.id}>
          <Recent execution={execution} />
        </li>
      ))}
    </ul>
  )
}

function Recent({ execution: { id, name, status, created_at } }: { execution: Execution }) {
  return (
    <Group gap="sm" wrap="nowrap" justify="space-between">
      <TextLink to="/executions/$executionId" params={{ executionId: id }} size="sm" c="inherit" truncate>
        {name}
      </TextLink>
      <Group gap="sm" wrap="nowrap" style={{ flexShrink: 0 }}>
        <StatusBadge status={status} plain />
        <Time at={created_at} size="xs" c="dimmed" />
      </Group>
    </Group>
  )
}

/** Small parts that lists, drawers and pickers of targets share. */
import { Badge, Group, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { BanIcon, CheckIcon, type Icon, UnplugIcon, WarningIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import type { Tone } from '@/lib/status'
import type { TargetStatus } from './filter'

const looks: Record<TargetStatus, [tone: Tone, icon: Icon]> = {
  active: ['success', CheckIcon],
  maintenance: ['warning', WarningIcon],
  inactive: ['neutral', BanIcon],
}

export function TargetStatusBadge({ status, plain = true }: { status: TargetStatus; plain?: boolean }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[status]
  return (
    <ToneBadge tone={tone} icon={icon} plain={plain}>
      {t(`targets.statuses.${status}`)}
    </ToneBadge>
  )
}

export function LastTest({ test }: { test: Target['last_test'] }) {
  const { t } = useTranslation()
  if (!test)
    return (
      <Text span size="xs" c="dimmed">
        {t('targets.never')}
      </Text>
    )
  return (
    <Group gap={6} wrap="nowrap" title={test.detail ?? undefined}>
      <ToneBadge tone={test.ok ? 'success' : 'danger'} icon={test.ok ? CheckIcon : UnplugIcon} plain>
        {test.ok ? t('targets.reachable') : t('targets.notReachable')}
      </ToneBadge>
      <Time at={test.tested_at} size="xs" c="dimmed" style={{ whiteSpace: 'nowrap' }} />
    </Group>
  )
}

export function Tags({ tags }: { tags: string[] }) {
  return (
    <Group gap={4}>
      {tags.map((tag) => (
        <Badge key={tag} variant="default" radius="sm" size="sm" fw={500} tt="none" c="dimmed">
          {tag}
        </Badge>
      ))}
    </Group>
  )
}

const UNBROKEN = 24 // characters of an address that stay on one line, however narrow the table

export function Address({ target }: { target: Pick<Target, 'host' | 'port'> }) {
  const address = target.port === 22 ? target.host : `${target.host}:${target.port}`
  const width = `${Math.min(address.length, UNBROKEN)}ch`
  return (
    <Text
      span
      size="xs"
      ff="monospace"
      c="dimmed"
      style={{ overflowWrap: 'anywhere', display: 'inline-block', minWidth: width }}
    >
      {address}
    </Text>
  )
}

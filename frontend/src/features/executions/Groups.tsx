/** Results that wrote the same and ended alike, together: what is usual, and what is not. */
import { Alert, Button, Checkbox, Group, Skeleton, Stack, Text, Tooltip } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Difference, Execution, Groups as GroupsAnswer, Group as OneGroup } from '@/api/types'
import { CompareIcon, TargetIcon } from '@/components/icons'
import { StatusBadge } from '@/components/Status'
import { EmptyState, ErrorState } from '@/components/states'
import { withoutAnsi } from '@/lib/ansi'
import { bytes as size } from '@/lib/size'
import { Coloured } from './Coloured'
import type { ViewProps } from './OutputActions'
import { useGroups } from './outputQueries'
import classes from './outputs.module.css'

export function Groups({ execution, view, onShow }: ViewProps & { execution: Execution }) {
  const { t } = useTranslation()
  const [mask, setMask] = useState(false)
  const { data, error, refetch } = useGroups(execution.id, mask)
  if (error) return <ErrorState error={error} onRetry={refetch} />
  if (!data) return <Skeleton height={160} aria-busy="true" />
  const largest = data.groups[0]
  if (!largest) return <EmptyState icon={TargetIcon} title={t('executions.noResults')} />
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="xs">
        <span className={classes.sentence} role="status">
          <Sentence groups={data} />
        </span>
        <MaskToggle value={mask} onChange={setMask} compared={data.compared_bytes} />
      </Group>
      {data.note && <Alert color="gray">{data.note}</Alert>}
      <ul className={classes.groups} aria-label={t('outputs.groups')}>
        {data.groups.map((group) => (
          <GroupCard key={group.result_id} group={group} largest={largest} view={view} onShow={onShow} />
        ))}
      </ul>
      {data.total_groups > data.groups.length && (
        <Text size="xs" c="dimmed">
          {t('outputs.moreGroups', { shown: data.groups.length, total: data.total_groups })}
        </Text>
      )}
    </Stack>
  )
}

/** "987 the same, 13 differ: first difference in line 4". */
function Sentence({ groups: { same, differ, first_difference: line } }: { groups: GroupsAnswer }) {
  const { t } = useTranslation()
  if (differ === 0) return t('outputs.allSame', { count: same })
  if (line === null) return t('outputs.sameAndDiffer', { same, differ })
  return t('outputs.sameAndDifferAt', { same, differ, line })
}

interface MaskToggleProps {
  value: boolean
  onChange: (mask: boolean) => void
  compared: number | null
}

function MaskToggle({ value, onChange, compared }: MaskToggleProps) {
  const { t } = useTranslation()
  return (
    <Tooltip multiline maw={320} label={t('outputs.maskHint', { bytes: size(compared ?? 256 * 1024) })}>
      <div>
        <Checkbox
          size="xs"
          label={t('outputs.mask')}
          checked={value}
          onChange={(event) => onChange(event.currentTarget.checked)}
        />
      </div>
    </Tooltip>
  )
}

interface GroupCardProps extends ViewProps {
  group: OneGroup
  largest: OneGroup
}

function GroupCard({ group, largest, view, onShow }: GroupCardProps) {
  const { t } = useTranslation()
  const differs = group !== largest
  return (
    <li className={classes.group}>
      <div className={classes.groupHead}>
        <strong>{t('outputs.groupSize', { count: group.count })}</strong>
        <StatusBadge status={group.status} />
        {group.exit_code !== null && (
          <Text span size="xs" c="dimmed">
            {t('outputs.exitCode', { code: group.exit_code })}
          </Text>
        )}
        <Text span size="xs" c="dimmed">
          {size(group.output_bytes + group.error_bytes)}
        </Text>
        <Group gap="xs">
          {differs && (
            <Button
              size="compact-xs"
              variant="default"
              leftSection={<CompareIcon size={13} />}
              aria-label={t('outputs.compareWith')}
              onClick={() => onShow({ ...view, left: largest.result_id, right: group.result_id })}
            >
              {t('outputs.compare')}
            </Button>
          )}
        </Group>
      </div>
      <div className={classes.names}>
        <Names group={group} />
      </div>
      {differs ? <FirstDifference difference={group.difference} /> : <Sample lines={group.first_lines} />}
    </li>
  )
}

const NAMED = 8

function Names({ group: { target_names: names, count } }: { group: OneGroup }) {
  const { t } = useTranslation()
  const shown = names.slice(0, NAMED).join(', ')
  const more = count - Math.min(names.length, NAMED)
  return more > 0 ? t('outputs.andMore', { names: shown, count: more }) : shown
}

function Sample({ lines }: { lines: string[] }) {
  const { t } = useTranslation()
  if (lines.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('outputs.wroteNothing')}
      </Text>
    )
  return (
    <pre className={classes.sample}>
      <Coloured text={lines.join('\n')} />
    </pre>
  )
}

function FirstDifference({ difference }: { difference: Difference | null }) {
  const { t } = useTranslation()
  if (difference?.kind !== 'line') {
    return <Text size="sm">{t(`outputs.differs.${difference?.kind ?? 'late'}`)}</Text>
  }
  const { line, left, right, stream } = difference
  const name = t(stream === 'stderr' ? 'executions.stderr' : 'executions.stdout')
  return (
    <Stack gap={4}>
      <Text size="sm">{t('outputs.differsInLine', { line, stream: name.toLowerCase() })}</Text>
      <div className={classes.difference}>
        <Side kind="removed" text={left} />
        <Side kind="added" text={right} />
      </div>
      {left === right && (
        <Text size="xs" c="dimmed">
          {t('outputs.differsLineEnd')}
        </Text>
      )}
    </Stack>
  )
}

function Side({ kind, text }: { kind: 'removed' | 'added'; text: string | null }) {
  const { t } = useTranslation()
  return (
    <div className={classes.row} data-kind={kind} style={{ gridTemplateColumns: '2ch minmax(0, 1fr)' }}>
      <span>{kind === 'removed' ? '−' : '+'}</span>
      {text === null ? <em>{t('outputs.ended')}</em> : withoutAnsi(text)}
    </div>
  )
}

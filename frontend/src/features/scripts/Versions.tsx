/** Every version of a script: who wrote it and why, what it changed, and the way back to it. */
import {
  Button,
  Group,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
  UnstyledButton,
  VisuallyHidden,
} from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf } from '@/api/paging'
import type { Script, ScriptVersion } from '@/api/types'
import { ask, tellDone, tellFailed } from '@/components/feedback'
import { CheckIcon, ChevronDownIcon, ChevronRightIcon, RefreshIcon } from '@/components/icons'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { ToneBadge } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { bytes } from '@/lib/size'
import { Diff } from './Diff'
import { useRestoreVersion, useScriptDiff, useScriptVersions } from './queries'
import classes from './scripts.module.css'

export function Versions({ script }: { script: Script }) {
  const { t } = useTranslation()
  const list = useScriptVersions(script.id)
  const [open, setOpen] = useState<number>()
  const toggle = ({ version }: ScriptVersion) => setOpen(version === open ? undefined : version)
  return (
    <ResourceTable
      label={t('scripts.versionsOf', { name: script.name })}
      columns={useColumns(script, open, toggle)}
      {...pagesOf(list)}
      rowId={(row) => String(row.version)}
      onRowClick={toggle}
      active={open === undefined ? undefined : String(open)}
      detail={(row) => <VersionDetail key={row.version} script={script} version={row.version} />}
      empty={null}
    />
  )
}

function useColumns(
  script: Script,
  open: number | undefined,
  toggle: (row: ScriptVersion) => void,
): Column<ScriptVersion>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'version',
      header: t('scripts.version'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => {
        const Shape = original.version === open ? ChevronDownIcon : ChevronRightIcon
        return (
          <UnstyledButton
            className={classes.opener}
            aria-expanded={original.version === open}
            onClick={() => toggle(original)}
          >
            <Shape size={14} />
            {t('scripts.versionNumber', { number: original.version })}
          </UnstyledButton>
        )
      },
    },
    {
      id: 'present',
      header: () => <VisuallyHidden>{t('scripts.present')}</VisuallyHidden>,
      meta: { phone: 'side' },
      cell: ({ row }) =>
        row.original.version === script.version && (
          <ToneBadge tone="success" icon={CheckIcon} plain>
            {t('scripts.present')}
          </ToneBadge>
        ),
    },
    {
      id: 'message',
      header: t('scripts.message'),
      cell: ({ row: { original } }) =>
        original.message || (
          <Text span inherit c="dimmed">
            {t('scripts.noMessage')}
          </Text>
        ),
    },
    {
      id: 'changed',
      header: t('scripts.changed'),
      cell: ({ row: { original } }) => (
        <Text span inherit c="dimmed">
          <Time at={original.created_at} /> {t('scripts.by', { name: original.author_name })}
        </Text>
      ),
    },
    {
      id: 'size',
      header: t('scripts.size'),
      meta: { align: 'right', width: 90, phone: 'hide' },
      cell: ({ row }) => bytes(row.original.size),
    },
  ]
}

interface DetailProps {
  script: Script
  version: number
}

type Other = 'previous' | 'present'

function VersionDetail({ script, version }: DetailProps) {
  const { t } = useTranslation()
  const others: Other[] = [
    ...(version > 1 ? (['previous'] as const) : []),
    ...(version < script.version ? (['present'] as const) : []),
  ]
  const [chosen, setChosen] = useState<Other>()
  const other = chosen ?? others[0]
  if (!other)
    return (
      <Text size="sm" c="dimmed" pt="sm">
        {t('scripts.firstVersion')}
      </Text>
    )
  const [from, to] = other === 'previous' ? [version - 1, version] : [version, script.version]
  return (
    <Stack gap="sm" pt="sm">
      <Group justify="space-between" gap="xs">
        <Group gap="xs">
          <Text size="xs" c="dimmed">
            {t('scripts.compareWith')}
          </Text>
          <SegmentedControl
            size="xs"
            aria-label={t('scripts.compareWith')}
            value={other}
            onChange={(value) => setChosen(value === 'present' ? 'present' : 'previous')}
            data={others.map((value) => ({
              value,
              label: t(value === 'previous' ? 'scripts.comparePrevious' : 'scripts.comparePresent'),
            }))}
          />
        </Group>
        {version < script.version && <RestoreButton script={script} version={version} />}
      </Group>
      <Comparison id={script.id} from={from} to={to} />
    </Stack>
  )
}

function RestoreButton({ script, version }: DetailProps) {
  const { t } = useTranslation()
  const restore = useRestoreVersion(script.id)
  const mayWrite = useCan()('scripts.write')
  if (!mayWrite) return null
  const confirmed = () =>
    restore.mutate(
      { version, basedOn: script.version },
      {
        onSuccess: () => tellDone(t('scripts.restored', { number: version })),
        onError: (error) => tellFailed(t('scripts.restoreFailed'), error),
      },
    )
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<RefreshIcon size={14} />}
      loading={restore.isPending}
      onClick={() =>
        ask({
          title: t('scripts.restoreTitle', { number: version }),
          text: t('scripts.restoreText', { next: script.version + 1 }),
          confirm: t('scripts.restore'),
          onConfirm: confirmed,
        })
      }
    >
      {t('scripts.restore')}
    </Button>
  )
}

function Comparison({ id, from, to }: { id: string; from: number; to: number }) {
  const { data, error, refetch } = useScriptDiff(id, from, to)
  if (error && !data) return <ErrorState error={error} onRetry={refetch} compact />
  return data ? <Diff diff={data} /> : <Skeleton height={80} aria-busy="true" />
}

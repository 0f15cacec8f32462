/** Chooses the targets: the list with its filters, boxes to tick, and "all that match". */
import { Alert, Button, Group, Stack, Text } from '@mantine/core'
import { useMutation } from '@tanstack/react-query'
import type { RowSelectionState } from '@tanstack/react-table'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf, rowsOf, totalOf } from '@/api/paging'
import type { Target } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { TargetIcon, WarningIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { useCan } from '@/features/auth/session'
import type { TargetFilter } from '@/features/targets/filter'
import { Address, Tags, TargetStatusBadge } from '@/features/targets/parts'
import { everyTarget, useTargetList } from '@/features/targets/queries'
import { TargetFilters } from '@/features/targets/TargetFilters'
import { ChosenTargets } from './ChosenTargets'
import classes from './run.module.css'

// Targets that are switched off or being worked on are rarely meant; one click shows them too.
const FIRST_FILTER: TargetFilter = { status: 'active' }

interface TargetChoiceProps {
  chosen: string[]
  onChoose: (ids: string[]) => void
  error: string | undefined
}

export function TargetChoice({ chosen, onChoose, error }: TargetChoiceProps) {
  const { t } = useTranslation()
  const [filter, setFilter] = useState(FIRST_FILTER)
  const list = useTargetList(filter)
  const rows = rowsOf(list.data)
  const columns = useColumns()
  const toggle = ({ id }: Target) =>
    onChoose(chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id])
  return (
    <Stack gap="sm">
      <Group justify="space-between" gap="sm">
        <Text size="sm" fw={550} role="status">
          {chosen.length === 0 ? t('run.chosenNone') : t('run.chosen', { count: chosen.length })}
        </Text>
        <Group gap="xs">
          <AllMatching filter={filter} total={totalOf(list.data)} chosen={chosen} onChoose={onChoose} />
          {chosen.length > 0 && (
            <Button size="compact-sm" variant="subtle" color="gray" onClick={() => onChoose([])}>
              {t('run.clear')}
            </Button>
          )}
        </Group>
      </Group>
      {error && (
        <Alert color="red" icon={<WarningIcon />} role="alert" p="xs">
          {error}
        </Alert>
      )}
      <ChosenTargets ids={chosen} known={rows} onChange={onChoose} />
      <div>
        <TargetFilters filter={filter} onChange={setFilter} />
        <ResourceTable
          label={t('run.targets')}
          columns={columns}
          {...pagesOf(list)}
          rowId={(row) => row.id}
          rowName={(row) => row.name}
          onRowClick={toggle}
          selection={selectionOf(chosen)}
          onSelect={(next) => onChoose(Object.keys(next).filter((id) => next[id]))}
          empty={
            Object.values(filter).some(Boolean) ? (
              <NoMatch onClear={() => setFilter({})} />
            ) : (
              <NothingToRunOn />
            )
          }
        />
      </div>
    </Stack>
  )
}

function selectionOf(ids: string[]): RowSelectionState {
  return Object.fromEntries(ids.map((id) => [id, true]))
}

function NothingToRunOn() {
  const { t } = useTranslation()
  const mayAdd = useCan()('targets.write')
  return (
    <EmptyState icon={TargetIcon} title={t('targets.empty')} hint={t('run.emptyHint')} compact>
      {mayAdd && <ButtonLink to="/targets/new">{t('targets.add')}</ButtonLink>}
    </EmptyState>
  )
}

interface AllMatchingProps {
  filter: TargetFilter
  total: number | undefined
  chosen: string[]
  onChoose: (ids: string[]) => void
}

function AllMatching({ filter, total, chosen, onChoose }: AllMatchingProps) {
  const { t } = useTranslation()
  const all = useMutation({
    mutationFn: () => everyTarget(filter),
    onSuccess: (targets) => onChoose([...new Set([...chosen, ...targets.map(({ id }) => id)])]),
    onError: (error) => tellFailed(t('run.tooMany'), error),
  })
  if (!total) return null
  return (
    <Button size="compact-sm" variant="default" loading={all.isPending} onClick={() => all.mutate()}>
      {t('run.allMatching', { count: total })}
    </Button>
  )
}

function useColumns(): Column<Target>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('targets.name'),
      meta: { phone: 'title' },
      cell: ({ row }) => (
        <Text span size="sm" fw={550} className={classes.name}>
          {row.original.name}
        </Text>
      ),
    },
    { id: 'address', header: t('targets.address'), cell: ({ row }) => <Address target={row.original} /> },
    { id: 'environment', header: t('targets.environment'), cell: ({ row }) => row.original.environment },
    {
      id: 'status',
      header: t('targets.status'),
      meta: { phone: 'side' },
      cell: ({ row }) => <TargetStatusBadge status={row.original.status} />,
    },
    { id: 'tags', header: t('targets.tags'), cell: ({ row }) => <Tags tags={row.original.tags} /> },
  ]
}

/** What flows serve under /hooks/, and how each of these paths is protected. */
import { Group } from '@mantine/core'
import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import type { Hook } from '@/api/types'
import { CopyIconButton } from '@/components/CopyText'
import { ClearFilters, FilterBar, FilterChip } from '@/components/Filters'
import { HookIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { Time } from '@/components/Time'
import { oneOf } from '@/features/targets/filter'
import { useAllWorkflows } from '@/features/workflows/queries'
import { type HookFilter, protections, servings } from './filter'
import { Address, ProtectionBadge, ServedBy } from './parts'
import { useHooks } from './queries'

export function HooksPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/workflows/hooks' })
  const navigate = useNavigate()
  const list = useHooks(filter)
  const setFilter = (search: HookFilter) => void navigate({ to: '/workflows/hooks', search, replace: true })
  return (
    <Page title={t('hooks.title')} beside={<Total>{totalOf(list.data)}</Total>}>
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('hooks.title')}
        columns={useColumns()}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={({ id }) =>
          void navigate({ to: '/workflows/hooks/$hookId', params: { hookId: id }, search: filter })
        }
        empty={Object.keys(filter).length > 0 ? <NoMatch onClear={() => setFilter({})} /> : <NothingServed />}
      />
      <Outlet />
    </Page>
  )
}

function NothingServed() {
  const { t } = useTranslation()
  return (
    <EmptyState icon={HookIcon} title={t('hooks.empty')} hint={t('hooks.emptyHint')}>
      <ButtonLink to="/workflows" search={{ view: 'editor' }} variant="default">
        {t('hooks.toEditor')}
      </ButtonLink>
    </EmptyState>
  )
}

function useColumns(): Column<Hook>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'address',
      header: t('hooks.address'),
      meta: { phone: 'title' },
      cell: ({ row }) => <AddressCell hook={row.original} />,
    },
    {
      id: 'protection',
      header: t('hooks.protection'),
      cell: ({ row }) => <ProtectionBadge hook={row.original} />,
    },
    { id: 'flow', header: t('hooks.flow'), cell: ({ row }) => <ServedBy hook={row.original} /> },
    {
      id: 'used',
      header: t('hooks.lastUsed'),
      cell: ({ row }) => <Time at={row.original.last_used_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'refused',
      header: t('hooks.lastRefused'),
      meta: { phone: 'hide' },
      cell: ({ row }) => (
        <Time at={row.original.last_refused_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />
      ),
    },
  ]
}

function AddressCell({ hook }: { hook: Hook }) {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/workflows/hooks' })
  return (
    <Group gap={4} wrap="nowrap" miw={0} display="inline-flex">
      <TextLink to="/workflows/hooks/$hookId" params={{ hookId: hook.id }} search={filter} c="inherit">
        <Address hook={hook} />
      </TextLink>
      <CopyIconButton value={hook.url} label={t('hooks.copyUrl', { path: hook.path })} />
    </Group>
  )
}

interface FiltersProps {
  filter: HookFilter
  onChange: (filter: HookFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const flows = useAllWorkflows().data ?? []
  const set = (change: HookFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <FilterChip
        name={t('hooks.protection')}
        value={filter.protection}
        choices={protections.map((value) => ({ value, label: t(`hooks.protections.${value}.name`) }))}
        onChange={(protection) => set({ protection: oneOf(protections, protection) })}
      />
      <FilterChip
        name={t('hooks.flow')}
        value={filter.flow}
        choices={flows.map(({ flow_id, name }) => ({ value: flow_id, label: name }))}
        onChange={(flow) => set({ flow })}
      />
      <FilterChip
        name={t('hooks.served')}
        value={filter.served}
        choices={servings.map((value) => ({ value, label: t(`hooks.servings.${value}`) }))}
        onChange={(served) => set({ served: oneOf(servings, served) })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

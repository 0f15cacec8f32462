import { Text, UnstyledButton } from '@mantine/core'
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { keys } from '@/api/keys'
import { pagedQuery, pagesOf, totalOf } from '@/api/paging'
import type { AuditEntry } from '@/api/types'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { AuditIcon } from '@/components/icons'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { Time } from '@/components/Time'
import { oneOf } from '@/features/targets/filter'
import { AuditDrawer } from './AuditDrawer'
import classes from './audit.module.css'
import { ChainActions, ChainStanding, useVerification } from './Chain'
import { type AuditFilter, areas, auditQueryOf, periods } from './filter'
import { ObjectName, Outcome } from './parts'

export function AuditPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/audit' })
  const navigate = useNavigate()
  const list = useAudit(filter)
  const [open, setOpen] = useState<AuditEntry>()
  const columns = useColumns(setOpen)
  const verification = useVerification()
  const setFilter = (search: AuditFilter) => void navigate({ to: '/audit', search, replace: true })
  return (
    <Page
      title={t('audit.title')}
      beside={<Total>{totalOf(list.data)}</Total>}
      actions={<ChainActions verification={verification} />}
    >
      <ChainStanding verification={verification} />
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('audit.title')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={setOpen}
        active={open?.id}
        empty={
          Object.keys(filter).length > 0 ? (
            <NoMatch onClear={() => setFilter({})} />
          ) : (
            <EmptyState icon={AuditIcon} title={t('audit.empty')} hint={t('audit.emptyHint')} />
          )
        }
      />
      {open && <AuditDrawer entry={open} onClose={() => setOpen(undefined)} />}
    </Page>
  )
}

function useAudit(filter: AuditFilter) {
  return useInfiniteQuery({
    ...pagedQuery<AuditEntry>(keys.audit(filter), (page, signal) =>
      answer(
        api.GET('/api/v3/audit', {
          params: { query: { ...auditQueryOf(filter, Date.now()), ...page } },
          signal,
        }),
      ),
    ),
    placeholderData: keepPreviousData,
  })
}

interface FiltersProps {
  filter: AuditFilter
  onChange: (filter: AuditFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: AuditFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('audit.actorFilter')} value={filter.actor} onChange={(actor) => set({ actor })} />
      <FilterChip
        name={t('audit.objectType')}
        value={filter.area}
        choices={areas.map((area) => ({ value: area, label: t(`audit.kinds.${area}`) }))}
        onChange={(area) => set({ area: oneOf(areas, area) })}
      />
      <FilterChip
        name={t('audit.since')}
        value={filter.since}
        choices={periods.map((period) => ({ value: period, label: t(`audit.periods.${period}`) }))}
        onChange={(since) => set({ since: oneOf(periods, since) })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

function useColumns(open: (entry: AuditEntry) => void): Column<AuditEntry>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'action',
      header: t('audit.action'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <UnstyledButton
          className={classes.opener}
          aria-label={t('audit.open', { action: original.action })}
          onClick={() => open(original)}
        >
          <code>{original.action}</code>
        </UnstyledButton>
      ),
    },
    {
      id: 'object',
      header: t('audit.object'),
      cell: ({ row }) => <ObjectName object={row.original.object} />,
    },
    { id: 'actor', header: t('audit.actor'), cell: ({ row }) => row.original.actor.name },
    {
      id: 'outcome',
      header: t('audit.outcome'),
      meta: { phone: 'side' },
      cell: ({ row }) => <Outcome outcome={row.original.outcome} />,
    },
    {
      id: 'address',
      header: t('audit.address'),
      meta: { phone: 'hide' },
      cell: ({ row }) => (
        <Text span size="xs" ff="monospace" c="dimmed">
          {row.original.address}
        </Text>
      ),
    },
    { id: 'at', header: t('audit.at'), cell: ({ row }) => <Time at={row.original.at} c="dimmed" /> },
  ]
}

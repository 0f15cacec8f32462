import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { ExecutionsIcon, RunIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { useCan } from '@/features/auth/session'
import { oneOf } from '@/features/targets/filter'
import { useTarget } from '@/features/targets/queries'
import { useExecutionColumns } from './columns'
import { type ExecutionFilter, executionStatuses } from './filter'
import { useExecutionList } from './queries'

export function ExecutionsPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/executions' })
  const navigate = useNavigate()
  const list = useExecutionList(filter)
  const columns = useExecutionColumns()
  const setFilter = (search: ExecutionFilter) => void navigate({ to: '/executions', search, replace: true })
  return (
    <Page title={t('executions.title')} beside={<Total>{totalOf(list.data)}</Total>} actions={<RunButton />}>
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('executions.title')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={({ id }) =>
          void navigate({ to: '/executions/$executionId', params: { executionId: id } })
        }
        empty={
          Object.keys(filter).length > 0 ? (
            <NoMatch onClear={() => setFilter({})} />
          ) : (
            <EmptyState icon={ExecutionsIcon} title={t('executions.empty')} hint={t('executions.emptyHint')}>
              <RunButton />
            </EmptyState>
          )
        }
      />
    </Page>
  )
}

function RunButton() {
  const { t } = useTranslation()
  if (!useCan()('executions.run')) return null
  return (
    <ButtonLink to="/run" leftSection={<RunIcon />}>
      {t('run.title')}
    </ButtonLink>
  )
}

interface FiltersProps {
  filter: ExecutionFilter
  onChange: (filter: ExecutionFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: ExecutionFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('executions.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('executions.status')}
        value={filter.status}
        choices={executionStatuses.map((status) => ({ value: status, label: t(`status.${status}`) }))}
        onChange={(status) => set({ status: oneOf(executionStatuses, status) })}
      />
      {filter.target && <TargetChip id={filter.target} onClear={() => set({ target: undefined })} />}
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

/** The target of a view that came from the target's own page; there is only this one to choose. */
function TargetChip({ id, onClear }: { id: string; onClear: () => void }) {
  const { t } = useTranslation()
  const { data } = useTarget(id)
  return (
    <FilterChip
      name={t('executions.target')}
      value={id}
      choices={[{ value: id, label: data?.name ?? id.slice(0, 8) }]}
      onChange={onClear}
    />
  )
}

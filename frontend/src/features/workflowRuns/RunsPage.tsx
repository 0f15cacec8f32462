/** What the flows did: every run, newest first. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { RunsIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { oneOf } from '@/features/targets/filter'
import { useAllWorkflows } from '@/features/workflows/queries'
import { useRunColumns } from './columns'
import { type RunFilter, runStatuses } from './filter'
import { useRunList } from './queries'

export function RunsPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/workflows/runs' })
  const navigate = useNavigate()
  const list = useRunList(filter)
  const columns = useRunColumns()
  const setFilter = (search: RunFilter) => void navigate({ to: '/workflows/runs', search, replace: true })
  return (
    <Page title={t('workflowRuns.title')} beside={<Total>{totalOf(list.data)}</Total>}>
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('workflowRuns.title')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={({ id }) => void navigate({ to: '/workflows/runs/$runId', params: { runId: id } })}
        empty={
          Object.keys(filter).length > 0 ? (
            <NoMatch onClear={() => setFilter({})} />
          ) : (
            <EmptyState icon={RunsIcon} title={t('workflowRuns.empty')} hint={t('workflowRuns.emptyHint')}>
              <ButtonLink to="/workflows" search={{}} variant="default">
                {t('workflows.openEditor')}
              </ButtonLink>
            </EmptyState>
          )
        }
      />
    </Page>
  )
}

interface FiltersProps {
  filter: RunFilter
  onChange: (filter: RunFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const flows = useAllWorkflows().data ?? []
  const set = (change: RunFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('workflowRuns.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('workflowRuns.status')}
        value={filter.status}
        choices={runStatuses.map((status) => ({ value: status, label: t(`status.${status}`) }))}
        onChange={(status) => set({ status: oneOf(runStatuses, status) })}
      />
      <FilterChip
        name={t('workflowRuns.workflow')}
        value={filter.flow}
        choices={flows.map(({ flow_id, name }) => ({ value: flow_id, label: name }))}
        onChange={(flow) => set({ flow })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

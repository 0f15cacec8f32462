/** Search and chips for targets; the same above the list and in the picker of the run page. */
import { useTranslation } from 'react-i18next'
import { type Choice, ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { oneOf, oses, type TargetFilter, targetStatuses } from './filter'
import { useTargetFacets } from './queries'

interface TargetFiltersProps {
  filter: TargetFilter
  onChange: (filter: TargetFilter) => void
}

export function TargetFilters({ filter, onChange }: TargetFiltersProps) {
  const { t } = useTranslation()
  const facets = useTargetFacets().data
  const set = (change: TargetFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('targets.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('targets.os')}
        value={filter.os_type}
        choices={oses
          .map((os) => ({ value: os, label: t(`targets.oses.${os}`), count: facets?.os_type[os] ?? 0 }))
          .filter(worthShowing)}
        onChange={(os) => set({ os_type: oneOf(oses, os) })}
      />
      <FilterChip
        name={t('targets.environment')}
        value={filter.environment}
        choices={counted(facets?.environment)}
        onChange={(environment) => set({ environment })}
      />
      <FilterChip
        name={t('targets.status')}
        value={filter.status}
        choices={targetStatuses
          .map((status) => ({
            value: status,
            label: t(`targets.statuses.${status}`),
            count: facets?.status[status] ?? 0,
          }))
          .filter(worthShowing)}
        onChange={(status) => set({ status: oneOf(targetStatuses, status) })}
      />
      <FilterChip
        name={t('targets.tag')}
        value={filter.tag}
        choices={counted(facets?.tag)}
        onChange={(tag) => set({ tag })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

function counted(facet: Record<string, number> | undefined): Choice[] {
  return Object.entries(facet ?? {})
    .map(([value, count]) => ({ value, label: value, count }))
    .sort((a, b) => b.count - a.count || a.label.localeCompare(b.label))
}

function worthShowing({ count }: Choice): boolean {
  return count !== 0
}

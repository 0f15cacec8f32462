/** Flows to begin with: what there is, how good people find it, and whose it is. */
import { Text } from '@mantine/core'
import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, rowsOf, totalOf } from '@/api/paging'
import type { TemplateRow } from '@/api/types'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { TemplateIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { oneOf } from '@/features/targets/filter'
import { Tags } from '@/features/targets/parts'
import { sorts, type TemplateFilter } from './filter'
import { AverageRating, SeenBy, ShippedBadge } from './parts'
import { useCategories, useTemplateList } from './queries'

export function TemplatesPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/workflows/templates' })
  const navigate = useNavigate()
  const list = useTemplateList(filter)
  const setFilter = (search: TemplateFilter) =>
    void navigate({ to: '/workflows/templates', search, replace: true })
  const { sort, ...narrowing } = filter
  const isNarrowed = Object.keys(narrowing).length > 0
  return (
    <Page title={t('templates.title')} beside={<Total>{totalOf(list.data)}</Total>}>
      <TemplateFilters filter={filter} rows={rowsOf(list.data)} onChange={setFilter} />
      <ResourceTable
        label={t('templates.title')}
        columns={useColumns()}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={({ id }) =>
          void navigate({ to: '/workflows/templates/$templateId', params: { templateId: id } })
        }
        empty={isNarrowed ? <NoMatch onClear={() => setFilter(sort ? { sort } : {})} /> : <NoTemplates />}
      />
      <Outlet />
    </Page>
  )
}

function NoTemplates() {
  const { t } = useTranslation()
  return (
    <EmptyState icon={TemplateIcon} title={t('templates.empty')} hint={t('templates.emptyHint')}>
      <ButtonLink to="/workflows" search={{ view: 'deployed' }} variant="default">
        {t('templates.toFlows')}
      </ButtonLink>
    </EmptyState>
  )
}

interface FiltersProps {
  filter: TemplateFilter
  rows: TemplateRow[] | undefined
  onChange: (filter: TemplateFilter) => void
}

function TemplateFilters({ filter, rows, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const categories = Object.entries(useCategories().data ?? {})
  const tags = [...new Set(rows?.flatMap((row) => row.tags))].sort()
  const { sort, ...narrowing } = filter
  const set = (change: TemplateFilter) =>
    onChange(Object.fromEntries(Object.entries({ ...filter, ...change }).filter(([, value]) => value)))
  return (
    <FilterBar>
      <SearchField label={t('templates.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('templates.category')}
        value={filter.category}
        choices={categories.map(([value, count]) => ({ value, label: value, count }))}
        onChange={(category) => set({ category })}
      />
      <FilterChip
        name={t('templates.tag')}
        value={filter.tag}
        choices={tags.map((tag) => ({ value: tag, label: tag }))}
        onChange={(tag) => set({ tag })}
      />
      <FilterChip
        name={t('templates.whose')}
        value={filter.mine && 'mine'}
        choices={[{ value: 'mine', label: t('templates.mine') }]}
        onChange={(mine) => set({ mine: mine ? true : undefined })}
      />
      <FilterChip
        name={t('templates.sort')}
        value={sort}
        choices={sorts.map((value) => ({ value, label: t(`templates.sorts.${value}`) }))}
        onChange={(value) => set({ sort: oneOf(sorts, value) })}
      />
      <ClearFilters
        shown={Object.values(narrowing).some(Boolean)}
        onClear={() => onChange(sort ? { sort } : {})}
      />
    </FilterBar>
  )
}

function useColumns(): Column<TemplateRow>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('templates.name'),
      meta: { phone: 'title', width: '34%' },
      cell: ({ row: { original } }) => <NameCell template={original} />,
    },
    { id: 'category', header: t('templates.category'), cell: ({ row }) => row.original.category },
    {
      id: 'tags',
      header: t('templates.tags'),
      meta: { width: 170 },
      cell: ({ row }) => <Tags tags={row.original.tags} />,
    },
    {
      id: 'rating',
      header: t('templates.rating'),
      cell: ({ row }) => <AverageRating template={row.original} />,
    },
    {
      id: 'downloads',
      header: t('templates.downloads'),
      cell: ({ row }) => (
        <span style={{ whiteSpace: 'nowrap' }}>
          {t('templates.times', { count: row.original.download_count })}
        </span>
      ),
    },
    {
      id: 'author',
      header: t('templates.author'),
      cell: ({ row: { original } }) =>
        original.slug ? <ShippedBadge template={original} /> : original.author_name,
    },
    {
      id: 'seen',
      header: t('templates.seenBy'),
      meta: { phone: 'side' },
      cell: ({ row }) => <SeenBy template={row.original} />,
    },
  ]
}

function NameCell({ template }: { template: TemplateRow }) {
  return (
    <>
      <TextLink
        to="/workflows/templates/$templateId"
        params={{ templateId: template.id }}
        fw={550}
        c="inherit"
        size="sm"
        style={{ overflowWrap: 'anywhere' }}
      >
        {template.name}
      </TextLink>
      {template.description && (
        <Text size="xs" c="dimmed" lineClamp={2}>
          {template.description}
        </Text>
      )}
    </>
  )
}

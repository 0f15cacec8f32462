import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, rowsOf, totalOf } from '@/api/paging'
import type { ScriptRow } from '@/api/types'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { DotsIcon, EditIcon, PlusIcon, ScriptIcon } from '@/components/icons'
import { ButtonLink, MenuLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { oneOf, oses } from '@/features/targets/filter'
import { Tags } from '@/features/targets/parts'
import { DeleteScript } from './DeleteScript'
import type { ScriptFilter } from './filter'
import { useScriptList } from './queries'

export function ScriptsPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/scripts' })
  const navigate = useNavigate()
  const mayWrite = useCan()('scripts.write')
  const list = useScriptList(filter)
  const setFilter = (search: ScriptFilter) => void navigate({ to: '/scripts', search, replace: true })
  return (
    <Page
      title={t('scripts.title')}
      beside={<Total>{totalOf(list.data)}</Total>}
      actions={mayWrite && <AddButton />}
    >
      <ScriptFilters filter={filter} rows={rowsOf(list.data)} onChange={setFilter} />
      <ResourceTable
        label={t('scripts.title')}
        columns={useColumns(mayWrite)}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={({ id }) => void navigate({ to: '/scripts/$scriptId', params: { scriptId: id } })}
        empty={Object.keys(filter).length > 0 ? <NoMatch onClear={() => setFilter({})} /> : <NoScripts />}
      />
    </Page>
  )
}

function AddButton() {
  const { t } = useTranslation()
  return (
    <ButtonLink to="/scripts/new" leftSection={<PlusIcon />}>
      {t('scripts.add')}
    </ButtonLink>
  )
}

function NoScripts() {
  const { t } = useTranslation()
  const mayWrite = useCan()('scripts.write')
  return (
    <EmptyState
      icon={ScriptIcon}
      title={t('scripts.empty')}
      hint={mayWrite ? t('scripts.emptyHint') : t('scripts.emptyReadOnly')}
    >
      {mayWrite && (
        <>
          <AddButton />
          <ButtonLink to="/scripts/new" search={{ example: true }} variant="default">
            {t('scripts.startFromExample')}
          </ButtonLink>
        </>
      )}
    </EmptyState>
  )
}

interface FiltersProps {
  filter: ScriptFilter
  rows: ScriptRow[] | undefined
  onChange: (filter: ScriptFilter) => void
}

function ScriptFilters({ filter, rows, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: ScriptFilter) => onChange({ ...filter, ...change })
  const tags = [...new Set(rows?.flatMap((row) => row.tags))].sort()
  return (
    <FilterBar>
      <SearchField label={t('scripts.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('scripts.systems')}
        value={filter.os_type}
        choices={oses.map((os) => ({ value: os, label: t(`targets.oses.${os}`) }))}
        onChange={(os) => set({ os_type: oneOf(oses, os) })}
      />
      <FilterChip
        name={t('scripts.tag')}
        value={filter.tag}
        choices={tags.map((tag) => ({ value: tag, label: tag }))}
        onChange={(tag) => set({ tag })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

function useColumns(mayWrite: boolean): Column<ScriptRow>[] {
  const { t } = useTranslation()
  const columns: Column<ScriptRow>[] = [
    {
      id: 'name',
      header: t('scripts.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => <NameCell script={original} />,
    },
    {
      id: 'interpreter',
      header: t('scripts.interpreter'),
      cell: ({ row }) => <code>{row.original.interpreter}</code>,
    },
    {
      id: 'parameters',
      header: t('parameters.title'),
      cell: ({ row: { original } }) =>
        original.parameters.length > 0 && (
          <span style={{ whiteSpace: 'nowrap' }}>
            {t('scripts.parameterCount', { count: original.parameters.length })}
          </span>
        ),
    },
    {
      id: 'systems',
      header: t('scripts.systems'),
      cell: ({ row }) => row.original.os_types.map((os) => t(`targets.oses.${os}`)).join(', '),
    },
    { id: 'tags', header: t('scripts.tags'), cell: ({ row }) => <Tags tags={row.original.tags} /> },
    {
      id: 'version',
      header: t('scripts.version'),
      meta: { width: 80, align: 'right', phone: 'hide' },
      cell: ({ row }) => row.original.version,
    },
    {
      id: 'changed',
      header: t('scripts.changed'),
      cell: ({ row: { original } }) => (
        <Text span inherit c="dimmed">
          <Time at={original.updated_at} /> {t('scripts.by', { name: original.author_name })}
        </Text>
      ),
    },
  ]
  const actions: Column<ScriptRow> = {
    id: 'actions',
    header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
    meta: { width: 48, align: 'right', phone: 'side' },
    cell: ({ row }) => <RowMenu script={row.original} />,
  }
  return mayWrite ? [...columns, actions] : columns
}

function NameCell({ script }: { script: ScriptRow }) {
  return (
    <>
      <TextLink
        to="/scripts/$scriptId"
        params={{ scriptId: script.id }}
        fw={550}
        c="inherit"
        size="sm"
        style={{ overflowWrap: 'anywhere' }}
      >
        {script.name}
      </TextLink>
      {script.description && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {script.description}
        </Text>
      )}
    </>
  )
}

function RowMenu({ script }: { script: ScriptRow }) {
  const { t } = useTranslation()
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('scripts.moreActions', { name: script.name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/scripts/$scriptId" params={{ scriptId: script.id }} leftSection={<EditIcon />}>
          {t('common.edit')}
        </MenuLink>
        <DeleteScript script={script} />
      </Menu.Dropdown>
    </Menu>
  )
}

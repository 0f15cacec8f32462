/** The tokens of the workflow API: one's own, or everybody's for who administers them. */
import { Outlet, useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import { ClearFilters, FilterBar, FilterChip } from '@/components/Filters'
import { PlusIcon, TokenIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { useCan } from '@/features/auth/session'
import { oneOf } from '@/features/targets/filter'
import { useUsers } from '@/features/users/queries'
import { useAllWorkflows } from '@/features/workflows/queries'
import { useTokenColumns } from './columns'
import { type TokenFilter, tokenStates } from './filter'
import { useTokens } from './queries'

export function TokensPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/workflows/tokens' })
  const navigate = useNavigate()
  const list = useTokens(filter)
  const setFilter = (search: TokenFilter) => void navigate({ to: '/workflows/tokens', search, replace: true })
  return (
    <Page
      title={t('workflowTokens.title')}
      beside={<Total>{totalOf(list.data)}</Total>}
      actions={<AddButton />}
    >
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('workflowTokens.title')}
        columns={useTokenColumns()}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        empty={
          Object.keys(filter).length > 0 ? (
            <NoMatch onClear={() => setFilter({})} />
          ) : (
            <EmptyState
              icon={TokenIcon}
              title={t('workflowTokens.empty')}
              hint={t('workflowTokens.emptyHint')}
            >
              <AddButton />
            </EmptyState>
          )
        }
      />
      <Outlet />
    </Page>
  )
}

function AddButton() {
  const { t } = useTranslation()
  const can = useCan()
  const filter = useSearch({ from: '/shell/workflows/tokens' })
  if (!can('workflow_tokens.write')) return null
  return (
    <ButtonLink to="/workflows/tokens/new" search={filter} leftSection={<PlusIcon />}>
      {t('workflowTokens.add')}
    </ButtonLink>
  )
}

interface FiltersProps {
  filter: TokenFilter
  onChange: (filter: TokenFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const can = useCan()
  const flows = useAllWorkflows().data ?? []
  const set = (change: TokenFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <FilterChip
        name={t('workflowTokens.state')}
        value={filter.state}
        choices={tokenStates.map((state) => ({ value: state, label: t(`workflowTokens.states.${state}`) }))}
        onChange={(state) => set({ state: oneOf(tokenStates, state) })}
      />
      <FilterChip
        name={t('workflowTokens.flow')}
        value={filter.flow}
        choices={flows.map(({ flow_id, name }) => ({ value: flow_id, label: name }))}
        onChange={(flow) => set({ flow })}
      />
      {can('workflow_tokens.of_others') && (
        <OwnerChip owner={filter.owner} onChange={(owner) => set({ owner })} />
      )}
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

interface OwnerChipProps {
  owner: string | undefined
  onChange: (owner: string | undefined) => void
}

function OwnerChip({ owner, onChange }: OwnerChipProps) {
  const { t } = useTranslation()
  const users = useUsers().data ?? []
  return (
    <FilterChip
      name={t('workflowTokens.owner')}
      value={owner}
      choices={users.map(({ id, username }) => ({ value: id, label: username }))}
      onChange={onChange}
    />
  )
}

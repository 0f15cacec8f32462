import { Button } from '@mantine/core'
import { Outlet, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import type { RowSelectionState } from '@tanstack/react-table'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import type { Target } from '@/api/types'
import { PlusIcon, RunIcon, TargetIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { BulkBar, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { useCan } from '@/features/auth/session'
import { useTargetColumns } from './columns'
import type { TargetFilter } from './filter'
import { useTargetList } from './queries'
import { TargetFilters } from './TargetFilters'

export function TargetsPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/targets' })
  const { targetId } = useParams({ strict: false })
  const navigate = useNavigate()
  const can = useCan()
  const list = useTargetList(filter)
  const columns = useTargetColumns()
  const [selection, setSelection] = useState<RowSelectionState>({})
  const setFilter = (search: TargetFilter) => void navigate({ to: '/targets', search, replace: true })
  const open = ({ id }: Target) =>
    void navigate({ to: '/targets/$targetId', params: { targetId: id }, search: true })
  const chosen = Object.keys(selection)
  return (
    <Page
      title={t('targets.title')}
      beside={<Total>{totalOf(list.data)}</Total>}
      actions={can('targets.write') && <AddButton />}
    >
      <TargetFilters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('targets.title')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        rowName={(row) => row.name}
        active={targetId}
        onRowClick={open}
        selection={selection}
        onSelect={can('executions.run') ? setSelection : undefined}
        empty={Object.keys(filter).length > 0 ? <NoMatch onClear={() => setFilter({})} /> : <NoTargets />}
      />
      <BulkBar count={chosen.length} onClear={() => setSelection({})}>
        <Button
          leftSection={<RunIcon />}
          onClick={() => void navigate({ to: '/run', state: { targetIds: chosen } })}
        >
          {t('targets.runOn')}
        </Button>
      </BulkBar>
      <Outlet />
    </Page>
  )
}

function AddButton() {
  const { t } = useTranslation()
  return (
    <ButtonLink to="/targets/new" leftSection={<PlusIcon />}>
      {t('targets.add')}
    </ButtonLink>
  )
}

function NoTargets() {
  const { t } = useTranslation()
  const mayAdd = useCan()('targets.write')
  return (
    <EmptyState
      icon={TargetIcon}
      title={t('targets.empty')}
      hint={mayAdd ? t('targets.emptyHint') : t('targets.emptyReadOnly')}
    >
      {mayAdd && <AddButton />}
    </EmptyState>
  )
}

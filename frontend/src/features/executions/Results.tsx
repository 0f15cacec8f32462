/** What happened on each target: a row that opens to what the command wrote. */
import { Text, UnstyledButton } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf } from '@/api/paging'
import type { Execution, Result } from '@/api/types'
import { FilterBar } from '@/components/Filters'
import { ChevronDownIcon, ChevronRightIcon, TargetIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { iconOf, StatusBadge } from '@/components/Status'
import { EmptyState, NoMatch } from '@/components/states'
import { firstLine } from '@/lib/ansi'
import { present, type StatusName } from '@/lib/status'
import { duration } from '@/lib/time'
import { CompareDrawer } from './CompareDrawer'
import classes from './executions.module.css'
import type { ExecutionView } from './filter'
import { Groups } from './Groups'
import { OutputActions } from './OutputActions'
import { useResults } from './queries'
import { ResultDetail } from './ResultDetail'
import { SearchDrawer } from './SearchDrawer'

export function Results({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const view = useSearch({ from: '/shell/executions/$executionId' })
  const show = useShow(execution.id)
  return (
    <Section
      title={t('executions.results')}
      actions={<OutputActions execution={execution} view={view} onShow={show} />}
    >
      {view.view === 'groups' ? (
        <Groups execution={execution} view={view} onShow={show} />
      ) : (
        <ResultList execution={execution} />
      )}
      {view.find !== undefined && <SearchDrawer executionId={execution.id} view={view} onShow={show} />}
      {view.left && view.right && (
        <CompareDrawer left={view.left} right={view.right} view={view} onShow={show} />
      )}
    </Section>
  )
}

function ResultList({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { status, result } = useSearch({ from: '/shell/executions/$executionId' })
  const show = useShow(execution.id)
  const list = useResults(execution.id, status ? { status } : {})
  const toggle = ({ id }: Result) => show({ status, result: id === result ? undefined : id })
  const columns = useColumns(result, toggle)
  return (
    <>
      <StatusFilter execution={execution} value={status} onChange={(next) => show({ status: next })} />
      <ResourceTable
        label={t('executions.results')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={toggle}
        active={result}
        detail={(row) => <ResultDetail executionId={execution.id} result={row} />}
        empty={
          status ? (
            <NoMatch onClear={() => show({})} />
          ) : (
            <EmptyState icon={TargetIcon} title={t('executions.noResults')} />
          )
        }
      />
    </>
  )
}

function useShow(executionId: string): (view: ExecutionView) => void {
  const navigate = useNavigate()
  return (search) =>
    void navigate({
      to: '/executions/$executionId',
      params: { executionId },
      search,
      replace: true,
      resetScroll: false,
    })
}

interface StatusFilterProps {
  execution: Execution
  value: StatusName | undefined
  onChange: (status: StatusName | undefined) => void
}

/** The counts are the filter: one look says how many failed, one click shows which. */
function StatusFilter({ execution, value, onChange }: StatusFilterProps) {
  const { t } = useTranslation()
  const found = present(execution.counts)
  if (found.length < 2 && !value) return null
  return (
    <FilterBar>
      <FilterButton pressed={!value} onClick={() => onChange(undefined)} count={execution.target_count}>
        {t('executions.all')}
      </FilterButton>
      {found.map(({ status, count }) => {
        const Shape = iconOf(status)
        return (
          <FilterButton
            key={status}
            pressed={status === value}
            onClick={() => onChange(status)}
            count={count}
          >
            <Shape size={13} strokeWidth={2.4} />
            {t(`status.${status}`)}
          </FilterButton>
        )
      })}
    </FilterBar>
  )
}

interface FilterButtonProps {
  pressed: boolean
  count: number
  onClick: () => void
  children: React.ReactNode
}

function FilterButton({ pressed, count, onClick, children }: FilterButtonProps) {
  return (
    <UnstyledButton className={classes.filter} aria-pressed={pressed} onClick={onClick}>
      {children}
      <span className={classes.filterCount}>{count}</span>
    </UnstyledButton>
  )
}

function useColumns(openId: string | undefined, toggle: (row: Result) => void): Column<Result>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'target',
      header: t('executions.target'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <TargetCell result={original} open={original.id === openId} onToggle={() => toggle(original)} />
      ),
    },
    {
      id: 'status',
      header: t('executions.status'),
      meta: { width: 130, phone: 'side' },
      cell: ({ row }) => <StatusBadge status={row.original.status} />,
    },
    {
      id: 'exit',
      header: t('executions.exitCode'),
      meta: { width: 90, align: 'right' },
      cell: ({ row }) => <ExitCode result={row.original} />,
    },
    { id: 'output', header: t('executions.output'), cell: ({ row }) => <Preview result={row.original} /> },
    {
      id: 'took',
      header: t('executions.duration'),
      meta: { width: 100, align: 'right' },
      cell: ({ row: { original } }) =>
        original.duration_ms === null ? null : duration(original.duration_ms),
    },
  ]
}

function TargetCell({ result, open, onToggle }: { result: Result; open: boolean; onToggle: () => void }) {
  const { t } = useTranslation()
  const Shape = open ? ChevronDownIcon : ChevronRightIcon
  const name = result.target_name
  return (
    <UnstyledButton
      className={classes.opener}
      aria-expanded={open}
      aria-label={open ? t('executions.hide', { name }) : t('executions.open', { name })}
      onClick={onToggle}
    >
      <Shape size={14} />
      {name}
    </UnstyledButton>
  )
}

function ExitCode({ result: { exit_code, exit_signal } }: { result: Result }) {
  const { t } = useTranslation()
  if (exit_signal) return t('executions.exitSignal', { signal: exit_signal })
  return exit_code
}

/** The line that tells most: why it failed, else the first thing that it wrote. */
function Preview({ result }: { result: Result }) {
  const said = result.error_message ?? ''
  const line = said || firstLine(result.output_text) || firstLine(result.error_text)
  return (
    <Text
      span
      size="xs"
      c="dimmed"
      ff={said ? undefined : 'monospace'}
      lineClamp={1}
      className={classes.preview}
    >
      {line}
    </Text>
  )
}

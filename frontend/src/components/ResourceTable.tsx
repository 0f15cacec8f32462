/**
 * The table of every list: sticky head, clickable rows, selection, skeletons, empty and error states, "load more".
 * On a phone each row is a card; a column's `meta.phone` says where in the card its cell goes.
 */
import { Button, Checkbox, Skeleton } from '@mantine/core'
import {
  type ColumnDef,
  type RowData,
  type RowSelectionState,
  rowSelectionFeature,
  tableFeatures,
  useTable,
} from '@tanstack/react-table'
import { Fragment } from 'react'
import { useTranslation } from 'react-i18next'
import { useIsPhone } from '@/lib/useIsPhone'
import { MoreButton } from './MoreButton'
import { ErrorState } from './states'
import classes from './table.module.css'

export const features = tableFeatures({ rowSelectionFeature })

export interface ColumnMeta {
  width?: number | string
  align?: 'right'
  /** Where the cell goes in a phone's card; without it the cell is one of the small ones below. */
  phone?: 'title' | 'side' | 'hide'
}

export type Column<Row extends RowData> = ColumnDef<typeof features, Row, unknown> & { meta?: ColumnMeta }

interface Listed<Row> {
  rows: Row[] | undefined
  total?: number
  error?: unknown
  onRetry?: () => void
  onMore?: () => void
  loadingMore?: boolean
}

interface ResourceTableProps<Row extends RowData> extends Listed<Row> {
  label: string
  columns: Column<Row>[]
  rowId: (row: Row) => string
  rowName?: (row: Row) => string
  onRowClick?: (row: Row) => void
  active?: string
  selection?: RowSelectionState
  onSelect?: (next: RowSelectionState) => void
  detail?: (row: Row) => React.ReactNode
  empty: React.ReactNode
  /** Where the head sticks; 0 inside something that scrolls by itself. */
  stickyTop?: number
}

const EMPTY: never[] = []
const NONE: RowSelectionState = {}

export function ResourceTable<Row extends RowData>(props: ResourceTableProps<Row>) {
  const { rows, error, onRetry, empty } = props
  if (rows === undefined && error)
    return (
      <div className={classes.frame}>
        <ErrorState error={error} onRetry={onRetry} />
      </div>
    )
  if (rows?.length === 0) return <div className={classes.frame}>{empty}</div>
  return <FilledTable {...props} />
}

function FilledTable<Row extends RowData>(props: ResourceTableProps<Row>) {
  const { columns, rows, rowId, selection, onSelect } = props
  const phone = useIsPhone()
  const table = useTable({
    features,
    columns,
    data: rows ?? (EMPTY as Row[]),
    getRowId: rowId,
    enableRowSelection: onSelect !== undefined,
    state: { rowSelection: selection ?? NONE },
    onRowSelectionChange: (update) =>
      onSelect?.(typeof update === 'function' ? update(selection ?? NONE) : update),
  })
  return (
    <div className={classes.frame} style={stickyStyle(props.stickyTop)} aria-busy={rows === undefined}>
      {phone ? <Cards table={table} {...props} /> : <Grid table={table} {...props} />}
      <Foot {...props} />
    </div>
  )
}

function stickyStyle(top: number | undefined): React.CSSProperties | undefined {
  return top === undefined ? undefined : ({ '--table-top': `${top}px` } as React.CSSProperties)
}

type Table<Row extends RowData> = ReturnType<typeof useTable<typeof features, Row>>
type Inner<Row extends RowData> = ResourceTableProps<Row> & { table: Table<Row> }

function metaOf(column: { columnDef: { meta?: unknown } }): ColumnMeta {
  return (column.columnDef.meta as ColumnMeta | undefined) ?? {}
}

function Grid<Row extends RowData>({ table, label, rows, onSelect, columns, ...rest }: Inner<Row>) {
  const { t } = useTranslation()
  return (
    <table className={classes.table} aria-label={label}>
      <thead>
        {table.getHeaderGroups().map((group) => (
          <tr key={group.id}>
            {onSelect && (
              <th className={classes.check}>
                <Checkbox
                  size="xs"
                  aria-label={t('list.selectAll')}
                  checked={table.getIsAllRowsSelected()}
                  indeterminate={table.getIsSomeRowsSelected() && !table.getIsAllRowsSelected()}
                  onChange={table.getToggleAllRowsSelectedHandler()}
                />
              </th>
            )}
            {group.headers.map((header) => {
              const { width, align } = metaOf(header.column)
              return (
                <th key={header.id} style={{ width }} data-align={align}>
                  <table.FlexRender header={header} />
                </th>
              )
            })}
          </tr>
        ))}
      </thead>
      <tbody>
        {rows === undefined
          ? skeletonRows.map((key) => <SkeletonRow key={key} cells={columns.length + (onSelect ? 1 : 0)} />)
          : table.getRowModel().rows.map((row) => (
              <Fragment key={row.id}>
                <tr
                  className={classes.row}
                  data-clickable={rest.onRowClick ? true : undefined}
                  data-selected={row.getIsSelected() || rest.active === row.id || undefined}
                  onClick={rowClick(() => rest.onRowClick?.(row.original))}
                >
                  {onSelect && (
                    <td className={classes.check}>
                      <SelectBox table={table} rowId={row.id} name={rest.rowName?.(row.original) ?? row.id} />
                    </td>
                  )}
                  {row.getAllCells().map((cell) => (
                    <td key={cell.id} data-align={metaOf(cell.column).align}>
                      <table.FlexRender cell={cell} />
                    </td>
                  ))}
                </tr>
                {rest.active === row.id && rest.detail && (
                  <tr className={classes.detail}>
                    <td colSpan={columns.length + (onSelect ? 1 : 0)}>{rest.detail(row.original)}</td>
                  </tr>
                )}
              </Fragment>
            ))}
      </tbody>
    </table>
  )
}

function Cards<Row extends RowData>({ table, label, rows, onSelect, ...rest }: Inner<Row>) {
  if (rows === undefined)
    return skeletonRows.slice(0, 5).map((key) => (
      <div className={classes.card} key={key}>
        <Skeleton height={14} width="60%" />
        <Skeleton height={14} width={64} />
      </div>
    ))
  return (
    <ul className={classes.cards} aria-label={label}>
      {table.getRowModel().rows.map((row) => {
        const cells = row.getAllCells()
        const at = (place: ColumnMeta['phone']) => cells.filter((cell) => metaOf(cell.column).phone === place)
        const draw = (cell: (typeof cells)[number]) => <table.FlexRender key={cell.id} cell={cell} />
        return (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the card's title is a link; the click on the card is a convenience
          <li
            key={row.id}
            className={classes.card}
            data-check={onSelect ? true : undefined}
            data-clickable={rest.onRowClick ? true : undefined}
            data-selected={row.getIsSelected() || undefined}
            onClick={rowClick(() => rest.onRowClick?.(row.original))}
          >
            {onSelect && (
              <SelectBox table={table} rowId={row.id} name={rest.rowName?.(row.original) ?? row.id} />
            )}
            <div className={classes.cardTitle}>{at('title').map(draw)}</div>
            <div className={classes.cardSide}>{at('side').map(draw)}</div>
            <div className={classes.cardRest}>
              {at(undefined).map((cell) => (
                <span key={cell.id}>{draw(cell)}</span>
              ))}
            </div>
            {rest.active === row.id && rest.detail && (
              <div style={{ gridColumn: '1 / -1' }}>{rest.detail(row.original)}</div>
            )}
          </li>
        )
      })}
    </ul>
  )
}

function SelectBox<Row extends RowData>({
  table,
  rowId,
  name,
}: {
  table: Table<Row>
  rowId: string
  name: string
}) {
  const { t } = useTranslation()
  const row = table.getRow(rowId)
  return (
    <Checkbox
      size="xs"
      aria-label={t('list.selectRow', { name })}
      checked={row.getIsSelected()}
      onChange={row.getToggleSelectedHandler()}
    />
  )
}

/** A click on a link, a button or a box of the row is meant for that; so is one that ends a selection of text. */
function rowClick(open: () => void) {
  return (event: React.MouseEvent<HTMLElement>) => {
    const target = event.target as HTMLElement
    if (!event.currentTarget.contains(target)) return // React hands on what happens in a menu of the row, which lies elsewhere
    const inner = target.closest('a, button, input, label')
    if (inner && event.currentTarget.contains(inner)) return
    if (window.getSelection()?.toString()) return
    open()
  }
}

const skeletonRows = ['1', '2', '3', '4', '5', '6', '7', '8']

function SkeletonRow({ cells }: { cells: number }) {
  return (
    <tr>
      {Array.from({ length: cells }, (_, index) => `cell-${index}`).map((key, index) => (
        <td key={key}>
          <Skeleton height={12} width={index === 0 ? '70%' : '50%'} />
        </td>
      ))}
    </tr>
  )
}

function Foot<Row>({ rows, total, onMore, loadingMore }: Listed<Row>) {
  const { t } = useTranslation()
  if (rows === undefined || total === undefined) return null
  return (
    <div className={classes.foot}>
      <span>{t('list.showing', { shown: rows.length, total })}</span>
      {onMore && <MoreButton size="compact-xs" onMore={onMore} loadingMore={loadingMore} />}
    </div>
  )
}

/** Appears while rows are selected, with what can be done with all of them. */
export function BulkBar({
  children,
  count,
  onClear,
}: {
  children: React.ReactNode
  count: number
  onClear: () => void
}) {
  const { t } = useTranslation()
  if (count === 0) return null
  return (
    <section className={classes.bulk} aria-live="polite">
      <strong>{t('list.selected', { count })}</strong>
      <Button size="compact-sm" variant="subtle" color="gray" onClick={onClear}>
        {t('common.clear')}
      </Button>
      {children}
    </section>
  )
}

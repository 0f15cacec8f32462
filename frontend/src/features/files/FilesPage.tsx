import { ActionIcon, Anchor, Button, FileButton, Menu, Text, VisuallyHidden } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import type { StoredFile } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { DeleteItem } from '@/components/DeleteItem'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { tellDone } from '@/components/feedback'
import { DotsIcon, DownloadIcon, FileIcon, UploadIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState, NoMatch } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { oneOf } from '@/features/targets/filter'
import { bytes } from '@/lib/size'
import { DropArea } from './DropArea'
import classes from './files.module.css'
import { type FileFilter, purposes } from './filter'
import { contentAddress, useDeleteFile, useFiles } from './queries'
import { UploadList } from './UploadList'
import { useUploads } from './useUploads'

export function FilesPage() {
  const { t } = useTranslation()
  const mayWrite = useCan()('files.write')
  const filter = useSearch({ from: '/shell/files' })
  const navigate = useNavigate()
  const list = useFiles(filter)
  const columns = useColumns(mayWrite)
  const told = useCallback((name: string) => tellDone(t('files.uploaded', { name })), [t])
  const { uploads, add, drop } = useUploads(told)
  const setFilter = (search: FileFilter) => void navigate({ to: '/files', search, replace: true })
  const upload = mayWrite && <UploadButton onFiles={add} />
  return (
    <Page title={t('files.title')} beside={<Total>{totalOf(list.data)}</Total>} actions={upload}>
      <DropArea onFiles={mayWrite ? add : undefined}>
        <UploadList uploads={uploads} onDrop={drop} />
        <Filters filter={filter} onChange={setFilter} />
        <ResourceTable
          label={t('files.title')}
          columns={columns}
          {...pagesOf(list)}
          rowId={(row) => row.id}
          empty={
            Object.keys(filter).length > 0 ? (
              <NoMatch onClear={() => setFilter({})} />
            ) : (
              <EmptyState icon={FileIcon} title={t('files.empty')} hint={t('files.emptyHint')}>
                {upload}
              </EmptyState>
            )
          }
        />
      </DropArea>
    </Page>
  )
}

function UploadButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const { t } = useTranslation()
  return (
    <FileButton multiple onChange={onFiles}>
      {(props) => (
        <Button leftSection={<UploadIcon />} {...props}>
          {t('files.upload')}
        </Button>
      )}
    </FileButton>
  )
}

interface FiltersProps {
  filter: FileFilter
  onChange: (filter: FileFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: FileFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('files.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('files.purpose')}
        value={filter.purpose}
        choices={purposes.map((purpose) => ({ value: purpose, label: t(`files.purposes.${purpose}`) }))}
        onChange={(purpose) => set({ purpose: oneOf(purposes, purpose) })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

function useColumns(mayWrite: boolean): Column<StoredFile>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('files.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <Anchor
          href={contentAddress(original.id)}
          download
          className={classes.name}
          c="inherit"
          fw={550}
          size="sm"
        >
          {original.name}
        </Anchor>
      ),
    },
    { id: 'size', header: t('files.size'), cell: ({ row }) => bytes(row.original.size) },
    { id: 'origin', header: t('files.origin'), cell: ({ row }) => <Origin file={row.original} /> },
    {
      id: 'sha256',
      header: t('files.sha256'),
      meta: { phone: 'hide' },
      cell: ({ row: { original } }) => (
        <CopyText value={original.sha256}>
          <Text span size="xs" ff="monospace" c="dimmed" title={original.sha256}>
            {original.sha256.slice(0, 12)}
          </Text>
        </CopyText>
      ),
    },
    { id: 'at', header: t('files.at'), cell: ({ row }) => <Time at={row.original.created_at} c="dimmed" /> },
    {
      id: 'actions',
      header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
      meta: { width: 48, align: 'right', phone: 'side' },
      cell: ({ row }) => <RowMenu file={row.original} mayWrite={mayWrite} />,
    },
  ]
}

function Origin({ file }: { file: StoredFile }) {
  const { t } = useTranslation()
  if (file.purpose === 'upload') return t('files.uploadedBy', { name: file.created_by_name })
  if (!file.execution_id) return t('files.fetched')
  return (
    <TextLink to="/executions/$executionId" params={{ executionId: file.execution_id }} size="sm">
      {t('files.fetchedBy')}
    </TextLink>
  )
}

function RowMenu({ file, mayWrite }: { file: StoredFile; mayWrite: boolean }) {
  const { t } = useTranslation()
  const { id, name } = file
  const remove = useDeleteFile()
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('targets.moreActions', { name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={contentAddress(id)} download leftSection={<DownloadIcon />}>
          {t('files.download')}
        </Menu.Item>
        {mayWrite && (
          <DeleteItem
            title={t('files.deleteTitle', { name })}
            text={t('files.deleteText')}
            deleted={t('files.deleted', { name })}
            remove={() => remove.mutateAsync(id)}
          />
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

/** When work may begin: the maintenance windows and change freezes, and how each stands now. */
import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Calendar } from '@/api/types'
import { DeleteItem } from '@/components/DeleteItem'
import { BanIcon, CalendarIcon, DotsIcon, EditIcon, PlusIcon } from '@/components/icons'
import { ButtonLink, MenuLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { ToneBadge } from '@/components/Status'
import { EmptyState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { KindText, ScopeText, StandingBadge } from './parts'
import { useCalendars, useDeleteCalendar } from './queries'

export function CalendarsPage() {
  const { t } = useTranslation()
  const mayWrite = useCan()('calendars.write')
  const navigate = useNavigate()
  const calendars = useCalendars()
  const columns = useColumns(mayWrite)
  return (
    <Page
      title={t('calendars.title')}
      beside={<Total>{calendars.data?.length}</Total>}
      actions={mayWrite && <AddButton />}
    >
      <ResourceTable
        label={t('calendars.title')}
        columns={columns}
        rows={calendars.data}
        rowId={(row) => row.id}
        error={calendars.error}
        onRetry={calendars.refetch}
        onRowClick={({ id }) => void navigate({ to: '/calendars/$calendarId', params: { calendarId: id } })}
        empty={
          <EmptyState
            icon={CalendarIcon}
            title={t('calendars.empty')}
            hint={mayWrite ? t('calendars.emptyHint') : t('calendars.emptyReadOnly')}
          >
            {mayWrite && <AddButton />}
          </EmptyState>
        }
      />
      <Outlet />
    </Page>
  )
}

function AddButton() {
  const { t } = useTranslation()
  return (
    <ButtonLink to="/calendars/new" leftSection={<PlusIcon />}>
      {t('calendars.add')}
    </ButtonLink>
  )
}

function useColumns(mayWrite: boolean): Column<Calendar>[] {
  const { t } = useTranslation()
  const columns: Column<Calendar>[] = [
    {
      id: 'name',
      header: t('calendars.name'),
      meta: { phone: 'title' },
      cell: ({ row }) => <NameCell calendar={row.original} />,
    },
    { id: 'now', header: t('calendars.now'), cell: ({ row }) => <NowCell calendar={row.original} /> },
    { id: 'kind', header: t('calendars.kind'), cell: ({ row }) => <KindText {...row.original} /> },
    { id: 'targets', header: t('calendars.scope'), cell: ({ row }) => <ScopeText {...row.original} /> },
    {
      id: 'zone',
      header: t('calendars.timeZone'),
      meta: { phone: 'hide' },
      cell: ({ row }) => row.original.time_zone,
    },
    {
      id: 'changed',
      header: t('calendars.changed'),
      meta: { phone: 'hide' },
      cell: ({ row }) => <Time at={row.original.updated_at} c="dimmed" />,
    },
  ]
  const actions: Column<Calendar> = {
    id: 'actions',
    header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
    meta: { width: 48, align: 'right', phone: 'side' },
    cell: ({ row }) => <RowMenu calendar={row.original} />,
  }
  return mayWrite ? [...columns, actions] : columns
}

function NameCell({ calendar: { id, name, description } }: { calendar: Calendar }) {
  return (
    <>
      <TextLink to="/calendars/$calendarId" params={{ calendarId: id }} fw={550} c="inherit" size="sm">
        {name}
      </TextLink>
      {description && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {description}
        </Text>
      )}
    </>
  )
}

function NowCell({ calendar: { enabled, enforcement, now } }: { calendar: Calendar }) {
  const { t } = useTranslation()
  if (enabled) return <StandingBadge {...now} enforcement={enforcement} />
  return (
    <ToneBadge tone="neutral" icon={BanIcon} plain>
      {t('calendars.off')}
    </ToneBadge>
  )
}

function RowMenu({ calendar: { id, name } }: { calendar: Calendar }) {
  const { t } = useTranslation()
  const remove = useDeleteCalendar()
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('calendars.moreActions', { name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/calendars/$calendarId/edit" params={{ calendarId: id }} leftSection={<EditIcon />}>
          {t('common.edit')}
        </MenuLink>
        <DeleteItem
          title={t('calendars.deleteTitle', { name })}
          text={t('calendars.deleteText')}
          deleted={t('calendars.deleted', { name })}
          remove={() => remove.mutateAsync(id)}
        />
      </Menu.Dropdown>
    </Menu>
  )
}

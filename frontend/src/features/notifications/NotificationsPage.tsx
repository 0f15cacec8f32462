/** What was sent to the web app: a list with what is not read yet. */
import { Button, Stack, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf, totalOf } from '@/api/paging'
import type { Notification } from '@/api/types'
import { ClearFilters, FilterBar, FilterChip, SearchField } from '@/components/Filters'
import { tellDone, tellFailed } from '@/components/feedback'
import { BellIcon, CheckIcon } from '@/components/icons'
import { Facts, Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { SideDrawer } from '@/components/SideDrawer'
import { EmptyState, NoMatch } from '@/components/states'
import { Time } from '@/components/Time'
import { oneOf } from '@/features/targets/filter'
import { type NotificationFilter, readStates, severities } from './filter'
import classes from './notifications.module.css'
import { SeverityBadge, Views } from './parts'
import { useMarkRead, useNotifications } from './queries'

export function NotificationsPage() {
  const { t } = useTranslation()
  const filter = useSearch({ from: '/shell/notifications' })
  const navigate = useNavigate()
  const list = useNotifications(filter)
  const [shown, setShown] = useState<Notification>()
  const open = useOpen(setShown)
  const columns = useColumns(open)
  const setFilter = (search: NotificationFilter) =>
    void navigate({ to: '/notifications', search, replace: true })
  return (
    <Page title={t('notifications.title')} beside={<Total>{totalOf(list.data)}</Total>} actions={<MarkAll />}>
      <Views view="list" />
      <Filters filter={filter} onChange={setFilter} />
      <ResourceTable
        label={t('notifications.title')}
        columns={columns}
        {...pagesOf(list)}
        rowId={(row) => row.id}
        onRowClick={open}
        active={shown?.id}
        empty={
          Object.keys(filter).length > 0 ? (
            <NoMatch onClear={() => setFilter({})} />
          ) : (
            <EmptyState
              icon={BellIcon}
              title={t('notifications.empty')}
              hint={t('notifications.emptyHint')}
            />
          )
        }
      />
      {shown && <Whole notification={shown} onClose={() => setShown(undefined)} />}
    </Page>
  )
}

/** Returns what shows a notification: whoever opens it has read it. */
function useOpen(show: (notification: Notification) => void) {
  const { t } = useTranslation()
  const mark = useMarkRead()
  return (notification: Notification) => {
    show(notification)
    if (!notification.read)
      mark.mutate(
        { ids: [notification.id], all: false },
        { onError: (error) => tellFailed(t('notifications.markFailed'), error) },
      )
  }
}

function MarkAll() {
  const { t } = useTranslation()
  const mark = useMarkRead()
  return (
    <Button
      variant="default"
      leftSection={<CheckIcon />}
      loading={mark.isPending}
      onClick={() =>
        mark.mutate(
          { ids: [], all: true },
          {
            onSuccess: () => tellDone(t('notifications.allRead')),
            onError: (error) => tellFailed(t('notifications.markFailed'), error),
          },
        )
      }
    >
      {t('notifications.markAll')}
    </Button>
  )
}

interface FiltersProps {
  filter: NotificationFilter
  onChange: (filter: NotificationFilter) => void
}

function Filters({ filter, onChange }: FiltersProps) {
  const { t } = useTranslation()
  const set = (change: NotificationFilter) => onChange({ ...filter, ...change })
  return (
    <FilterBar>
      <SearchField label={t('notifications.search')} value={filter.q} onChange={(q) => set({ q })} />
      <FilterChip
        name={t('notifications.severity')}
        value={filter.severity}
        choices={severities.map((value) => ({ value, label: t(`notifications.severities.${value}`) }))}
        onChange={(severity) => set({ severity: oneOf(severities, severity) })}
      />
      <FilterChip
        name={t('notifications.state')}
        value={filter.state}
        choices={readStates.map((value) => ({ value, label: t(`notifications.states.${value}`) }))}
        onChange={(state) => set({ state: oneOf(readStates, state) })}
      />
      <ClearFilters shown={Object.values(filter).some(Boolean)} onClear={() => onChange({})} />
    </FilterBar>
  )
}

function useColumns(open: (notification: Notification) => void): Column<Notification>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'title',
      header: t('notifications.notification'),
      meta: { phone: 'title' },
      cell: ({ row }) => <TitleCell notification={row.original} onOpen={open} />,
    },
    {
      id: 'severity',
      header: t('notifications.severity'),
      meta: { phone: 'side' },
      cell: ({ row }) => <SeverityBadge severity={row.original.severity} />,
    },
    { id: 'from', header: t('notifications.from'), cell: ({ row }) => <From notification={row.original} /> },
    {
      id: 'at',
      header: t('notifications.at'),
      cell: ({ row }) => <Time at={row.original.created_at} c="dimmed" />,
    },
  ]
}

interface TitleCellProps {
  notification: Notification
  onOpen: (notification: Notification) => void
}

function TitleCell({ notification, onOpen }: TitleCellProps) {
  const { t } = useTranslation()
  const { title, body, read } = notification
  return (
    <>
      <UnstyledButton
        className={classes.opener}
        data-unread={!read || undefined}
        aria-label={t('notifications.open', { title })}
        onClick={() => onOpen(notification)}
      >
        {!read && (
          <span className={classes.dot}>
            <VisuallyHidden>{t('notifications.states.unread')}</VisuallyHidden>
          </span>
        )}
        {title}
      </UnstyledButton>
      {body && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {body}
        </Text>
      )}
    </>
  )
}

function From({ notification: { created_by_name: name, flow_id: flow } }: { notification: Notification }) {
  const { t } = useTranslation()
  return flow ? t('notifications.byFlow', { name }) : name
}

function Whole({ notification, onClose }: { notification: Notification; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <SideDrawer title={notification.title} onClose={onClose}>
      <Stack gap="md">
        <Facts
          rows={[
            [t('notifications.severity'), <SeverityBadge key="severity" severity={notification.severity} />],
            [t('notifications.from'), <From key="from" notification={notification} />],
            [t('notifications.at'), <Time key="at" at={notification.created_at} />],
          ]}
        />
        {notification.body ? (
          <Text size="sm" className={classes.text}>
            {notification.body}
          </Text>
        ) : (
          <Text size="sm" c="dimmed">
            {t('notifications.noText')}
          </Text>
        )}
      </Stack>
    </SideDrawer>
  )
}

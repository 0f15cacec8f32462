import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Channel } from '@/api/types'
import { DeleteItem } from '@/components/DeleteItem'
import { BellIcon, DotsIcon, EditIcon, PlusIcon } from '@/components/icons'
import { ButtonLink, MenuLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { ActiveBadge } from '@/components/Status'
import { EmptyState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { DeliveryBadge, Views } from './parts'
import { useChannels, useDeleteChannel } from './queries'

export function ChannelsPage() {
  const { t } = useTranslation()
  const mayWrite = useCan()('notifications.write')
  const navigate = useNavigate()
  const channels = useChannels()
  return (
    <Page
      title={t('channels.title')}
      beside={<Total>{channels.data?.length}</Total>}
      actions={mayWrite && <AddButton />}
    >
      <Views view="channels" />
      <ResourceTable
        label={t('channels.title')}
        columns={useColumns(mayWrite)}
        rows={channels.data}
        rowId={(row) => row.id}
        error={channels.error}
        onRetry={channels.refetch}
        onRowClick={({ id }) =>
          void navigate({ to: '/notifications/channels/$channelId', params: { channelId: id } })
        }
        empty={
          <EmptyState icon={BellIcon} title={t('channels.empty')} hint={t('channels.emptyHint')}>
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
    <ButtonLink to="/notifications/channels/new" leftSection={<PlusIcon />}>
      {t('channels.add')}
    </ButtonLink>
  )
}

function useColumns(mayWrite: boolean): Column<Channel>[] {
  const { t } = useTranslation()
  const columns: Column<Channel>[] = [
    {
      id: 'name',
      header: t('channels.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <TextLink
          to="/notifications/channels/$channelId"
          params={{ channelId: original.id }}
          fw={550}
          c="inherit"
          size="sm"
        >
          {original.name}
        </TextLink>
      ),
    },
    { id: 'kind', header: t('channels.kind'), cell: ({ row }) => t(`channels.kinds.${row.original.kind}`) },
    { id: 'to', header: t('channels.to'), cell: ({ row }) => <Destination channel={row.original} /> },
    {
      id: 'severity',
      header: t('channels.minSeverity'),
      cell: ({ row }) => t(`notifications.severities.${row.original.min_severity}`),
    },
    {
      id: 'state',
      header: t('channels.state'),
      cell: ({ row: { original } }) => (
        <ActiveBadge active={original.enabled}>
          {t(original.enabled ? 'channels.on' : 'channels.off')}
        </ActiveBadge>
      ),
    },
    {
      id: 'last',
      header: t('channels.lastDelivery'),
      cell: ({ row }) => <LastDelivery channel={row.original} />,
    },
  ]
  const actions: Column<Channel> = {
    id: 'actions',
    header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
    meta: { width: 48, align: 'right', phone: 'side' },
    cell: ({ row }) => <RowMenu channel={row.original} />,
  }
  return mayWrite ? [...columns, actions] : columns
}

function Destination({ channel: { email, webhook, apprise } }: { channel: Channel }) {
  const { t } = useTranslation()
  if (email) return t('channels.recipientsCount', { count: email.recipients.length, host: email.host })
  const place = webhook?.host ?? apprise?.service
  return place ? <code>{place}</code> : t('channels.everybody')
}

function LastDelivery({ channel: { last_delivery: last, dropped } }: { channel: Channel }) {
  const { t } = useTranslation()
  if (!last) return <Time at={null} never={t('channels.neverSent')} />
  return (
    <span>
      <DeliveryBadge status={last.status} /> <Time at={last.finished_at ?? last.created_at} c="dimmed" />
      {dropped > 0 && (
        <Text span inherit c="dimmed">
          {' · '}
          {t('channels.dropped', { count: dropped })}
        </Text>
      )}
    </span>
  )
}

function RowMenu({ channel: { id, name } }: { channel: Channel }) {
  const { t } = useTranslation()
  const remove = useDeleteChannel()
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('targets.moreActions', { name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink
          to="/notifications/channels/$channelId"
          params={{ channelId: id }}
          leftSection={<EditIcon />}
        >
          {t('common.edit')}
        </MenuLink>
        <DeleteItem
          title={t('channels.deleteTitle', { name })}
          text={t('channels.deleteText')}
          deleted={t('channels.deleted', { name })}
          remove={() => remove.mutateAsync(id)}
        />
      </Menu.Dropdown>
    </Menu>
  )
}

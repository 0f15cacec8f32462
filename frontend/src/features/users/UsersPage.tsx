import { Text } from '@mantine/core'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { User } from '@/api/types'
import { PlusIcon, UsersIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { ActiveBadge } from '@/components/Status'
import { EmptyState } from '@/components/states'
import { Time } from '@/components/Time'
import { useUsers } from './queries'

export function UsersPage() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const users = useUsers()
  return (
    <Page
      title={t('users.title')}
      beside={<Total>{users.data?.length}</Total>}
      actions={
        <ButtonLink to="/users/new" leftSection={<PlusIcon />}>
          {t('users.add')}
        </ButtonLink>
      }
    >
      <ResourceTable
        label={t('users.title')}
        columns={useColumns()}
        rows={users.data}
        rowId={(row) => row.id}
        error={users.error}
        onRetry={users.refetch}
        onRowClick={({ id }) => void navigate({ to: '/users/$userId', params: { userId: id } })}
        empty={<EmptyState icon={UsersIcon} title={t('users.empty')} />}
      />
      <Outlet />
    </Page>
  )
}

function useColumns(): Column<User>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('users.username'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <TextLink to="/users/$userId" params={{ userId: original.id }} c="inherit" fw={550} size="sm">
          {original.username}
        </TextLink>
      ),
    },
    { id: 'display', header: t('users.displayName'), cell: ({ row }) => row.original.display_name },
    {
      id: 'role',
      header: t('users.role'),
      cell: ({ row }) => <Text size="sm">{t(`nav.roles.${row.original.role}`)}</Text>,
    },
    {
      id: 'state',
      header: t('users.state'),
      meta: { phone: 'side' },
      cell: ({ row: { original } }) => (
        <ActiveBadge active={original.is_active}>
          {original.is_active ? t('users.states.on') : t('users.states.off')}
        </ActiveBadge>
      ),
    },
    {
      id: 'signed-in',
      header: t('users.lastSignIn'),
      cell: ({ row }) => <Time at={row.original.last_sign_in_at} c="dimmed" />,
    },
  ]
}

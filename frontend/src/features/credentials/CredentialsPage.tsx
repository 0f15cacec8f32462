import { ActionIcon, Menu, Text, VisuallyHidden } from '@mantine/core'
import { Outlet, useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { isApiError } from '@/api/errors'
import type { Credential } from '@/api/types'
import { DeleteItem } from '@/components/DeleteItem'
import { tellFailed } from '@/components/feedback'
import { CredentialIcon, DotsIcon, EditIcon, PlusIcon, TargetIcon } from '@/components/icons'
import { ButtonLink, MenuLink, TextLink } from '@/components/links'
import { Page, Total } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { CertificateEnd } from './Certificate'
import { useCredentials, useDeleteCredential } from './queries'

export function CredentialsPage() {
  const { t } = useTranslation()
  const can = useCan()
  const navigate = useNavigate()
  const credentials = useCredentials()
  const columns = useColumns(can('credentials.write'))
  const open = ({ id }: Credential) =>
    void navigate({ to: '/credentials/$credentialId', params: { credentialId: id } })
  return (
    <Page
      title={t('credentials.title')}
      beside={<Total>{credentials.data?.length}</Total>}
      actions={can('credentials.write') && <AddButton />}
    >
      <ResourceTable
        label={t('credentials.title')}
        columns={columns}
        rows={credentials.data}
        rowId={(row) => row.id}
        error={credentials.error}
        onRetry={credentials.refetch}
        onRowClick={can('credentials.write') ? open : undefined}
        empty={
          <EmptyState
            icon={CredentialIcon}
            title={t('credentials.empty')}
            hint={can('credentials.write') ? t('credentials.emptyHint') : t('credentials.emptyReadOnly')}
          >
            {can('credentials.write') && <AddButton />}
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
    <ButtonLink to="/credentials/new" leftSection={<PlusIcon />}>
      {t('credentials.add')}
    </ButtonLink>
  )
}

function useColumns(mayWrite: boolean): Column<Credential>[] {
  const { t } = useTranslation()
  const columns: Column<Credential>[] = [
    {
      id: 'name',
      header: t('credentials.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => <NameCell credential={original} mayWrite={mayWrite} />,
    },
    {
      id: 'kind',
      header: t('credentials.kind'),
      cell: ({ row: { original } }) => (
        <span>
          {t(`credentials.kinds.${original.kind}`)}
          {original.certificate && (
            <>
              {' '}
              <CertificateEnd certificate={original.certificate} />
            </>
          )}
          {original.has_passphrase && (
            <Text span inherit c="dimmed">
              {' '}
              {t('credentials.hasPassphrase')}
            </Text>
          )}
        </span>
      ),
    },
    {
      id: 'username',
      header: t('credentials.username'),
      cell: ({ row }) => <code>{row.original.username}</code>,
    },
    {
      id: 'fingerprint',
      header: t('credentials.fingerprint'),
      meta: { phone: 'hide' },
      cell: ({ row: { original } }) => <Fingerprint value={original.public_key_fingerprint} />,
    },
    {
      id: 'used',
      header: t('credentials.usedBy'),
      cell: ({ row: { original } }) =>
        original.target_count ? (
          t('credentials.targets', { count: original.target_count })
        ) : (
          <Text span inherit c="dimmed">
            {t('credentials.notUsed')}
          </Text>
        ),
    },
    {
      id: 'changed',
      header: t('credentials.changed'),
      cell: ({ row }) => <Time at={row.original.updated_at} c="dimmed" />,
    },
  ]
  const actions: Column<Credential> = {
    id: 'actions',
    header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
    meta: { width: 48, align: 'right', phone: 'side' },
    cell: ({ row }) => <RowMenu credential={row.original} />,
  }
  return mayWrite ? [...columns, actions] : columns
}

function NameCell({ credential, mayWrite }: { credential: Credential; mayWrite: boolean }) {
  return (
    <>
      {mayWrite ? (
        <TextLink
          to="/credentials/$credentialId"
          params={{ credentialId: credential.id }}
          fw={550}
          c="inherit"
          size="sm"
        >
          {credential.name}
        </TextLink>
      ) : (
        <Text span fw={550} size="sm">
          {credential.name}
        </Text>
      )}
      {credential.description && (
        <Text size="xs" c="dimmed" lineClamp={1}>
          {credential.description}
        </Text>
      )}
    </>
  )
}

function Fingerprint({ value }: { value: string | null | undefined }) {
  if (!value) return null
  return (
    <Text span size="xs" ff="monospace" c="dimmed" title={value}>
      {value.length > 26 ? `${value.slice(0, 18)}…${value.slice(-6)}` : value}
    </Text>
  )
}

function RowMenu({ credential }: { credential: Credential }) {
  const { t } = useTranslation()
  const { name, id } = credential
  const remove = useDeleteCredential()
  const sayInUse = (error: unknown) => {
    if (!isApiError(error, 'credential_in_use')) return false
    const why = `${error.message} ${t('credentials.inUseText')}`
    tellFailed(t('credentials.inUse', { name }), new Error(why))
    return true
  }
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('targets.moreActions', { name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/credentials/$credentialId" params={{ credentialId: id }} leftSection={<EditIcon />}>
          {t('common.edit')}
        </MenuLink>
        {credential.target_count > 0 && (
          <MenuLink to="/targets" search={{}} leftSection={<TargetIcon />}>
            {t('credentials.inUseShow')}
          </MenuLink>
        )}
        <DeleteItem
          title={t('credentials.deleteTitle', { name })}
          text={t('credentials.deleteText')}
          deleted={t('credentials.deleted', { name })}
          remove={() => remove.mutateAsync(id)}
          sayWhy={sayInUse}
        />
      </Menu.Dropdown>
    </Menu>
  )
}

import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { TextLink } from '@/components/links'
import type { Column } from '@/components/ResourceTable'
import { Address, LastTest, Tags, TargetStatusBadge } from './parts'

export function useTargetColumns(): Column<Target>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('targets.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => (
        <TextLink
          to="/targets/$targetId"
          params={{ targetId: original.id }}
          search={true}
          c="inherit"
          fw={550}
          size="sm"
          style={{ overflowWrap: 'anywhere' }}
        >
          {original.name}
        </TextLink>
      ),
    },
    { id: 'address', header: t('targets.address'), cell: ({ row }) => <Address target={row.original} /> },
    { id: 'os', header: t('targets.os'), cell: ({ row }) => t(`targets.oses.${row.original.os_type}`) },
    { id: 'environment', header: t('targets.environment'), cell: ({ row }) => row.original.environment },
    {
      id: 'status',
      header: t('targets.status'),
      meta: { phone: 'side' },
      cell: ({ row }) => <TargetStatusBadge status={row.original.status} />,
    },
    { id: 'tags', header: t('targets.tags'), cell: ({ row }) => <Tags tags={row.original.tags} /> },
    {
      id: 'credential',
      header: t('targets.credential'),
      meta: { phone: 'hide' },
      cell: ({ row: { original } }) =>
        original.credential_name ?? (
          <Text span inherit c="dimmed">
            {t('targets.credentialNone')}
          </Text>
        ),
    },
    {
      id: 'test',
      header: t('targets.lastTest'),
      cell: ({ row }) => <LastTest test={row.original.last_test} />,
    },
  ]
}

/** Every deploy: who, when, what for and what changed; and the way back to one. */
import { Button, Text, VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { pagesOf } from '@/api/paging'
import type { Deploy } from '@/api/types'
import { ask } from '@/components/feedback'
import { WorkflowIcon } from '@/components/icons'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { EmptyState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { DeployMessage } from './DeployMessage'
import { useDeploys, useRestoreDeploy } from './queries'
import classes from './workflows.module.css'

export function Deploys() {
  const { t } = useTranslation()
  const list = useDeploys()
  const newest = list.data?.pages[0]?.items[0]?.number
  return (
    <div className={classes.list}>
      <ResourceTable
        label={t('workflows.deploys')}
        columns={useColumns(newest)}
        {...pagesOf(list)}
        rowId={(row) => String(row.number)}
        empty={
          <EmptyState icon={WorkflowIcon} title={t('workflows.empty')} hint={t('workflows.emptyHint')} />
        }
      />
    </div>
  )
}

function useColumns(newest: number | undefined): Column<Deploy>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'number',
      header: t('workflows.deploy'),
      meta: { width: 90, phone: 'title' },
      cell: ({ row }) => t('workflows.deployNumber', { number: row.original.number }),
    },
    {
      id: 'message',
      header: t('workflows.message'),
      cell: ({ row }) => <DeployMessage deploy={row.original} />,
    },
    { id: 'changes', header: t('workflows.changes'), cell: ({ row }) => <Changes deploy={row.original} /> },
    { id: 'by', header: t('workflows.deployedBy'), cell: ({ row }) => row.original.deployed_by },
    {
      id: 'at',
      header: t('workflows.deployedAt'),
      cell: ({ row }) => <Time at={row.original.deployed_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'restore',
      header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
      meta: { width: 110, align: 'right', phone: 'side' },
      cell: ({ row }) => row.original.number !== newest && <RestoreButton deploy={row.original} />,
    },
  ]
}

function Changes({ deploy: { changes } }: { deploy: Deploy }) {
  const { t } = useTranslation()
  if (changes.length === 0)
    return (
      <Text span size="sm" c="dimmed">
        {t('workflows.noChange')}
      </Text>
    )
  return (
    <ul className={classes.tabChanges}>
      {changes.map(({ flow_id, name, kind, added, removed, changed }) => (
        <li key={flow_id}>
          {flow_id ? name : t('workflows.outside')}
          <Text span size="xs" c="dimmed" title={t('workflows.counts', { added, removed, changed })}>
            {kind === 'changed' ? ` +${added} −${removed} ~${changed}` : ` ${t(`workflows.kinds.${kind}`)}`}
          </Text>
        </li>
      ))}
    </ul>
  )
}

function RestoreButton({ deploy: { number } }: { deploy: Deploy }) {
  const { t } = useTranslation()
  const restore = useRestoreDeploy()
  if (!useCan()('workflows.edit')) return null
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={restore.isPending}
      aria-label={t('workflows.restoreDeploy', { number })}
      onClick={() =>
        ask({
          title: t('workflows.restoreDeployTitle', { number }),
          text: t('workflows.restoreDeployText'),
          confirm: t('workflows.restore'),
          onConfirm: () => restore.mutate(number),
        })
      }
    >
      {t('workflows.restore')}
    </Button>
  )
}

/** The flows as they were last deployed: which version, and as whom each acts. */
import { Skeleton, Stack, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pagesOf } from '@/api/paging'
import type { Workflow } from '@/api/types'
import { BanIcon, ChevronDownIcon, ChevronRightIcon, WorkflowIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { MoreButton } from '@/components/MoreButton'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { ActiveBadge, ToneBadge } from '@/components/Status'
import { EmptyState, ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { shortId } from '@/lib/text'
import { useIsPhone } from '@/lib/useIsPhone'
import { FlowMenu } from './FlowMenu'
import { useWorkflows, useWorkflowVersions } from './queries'
import classes from './workflows.module.css'

export function DeployedFlows() {
  const { t } = useTranslation()
  const list = useWorkflows()
  const [open, setOpen] = useState<string>()
  const toggle = ({ flow_id }: Workflow) => setOpen(flow_id === open ? undefined : flow_id)
  return (
    <div className={classes.list}>
      <ResourceTable
        label={t('workflows.deployed')}
        columns={useColumns(open, toggle)}
        {...pagesOf(list)}
        rowId={(row) => row.flow_id}
        onRowClick={toggle}
        active={open}
        detail={(row) => <Versions flow={row} />}
        empty={
          <EmptyState icon={WorkflowIcon} title={t('workflows.empty')} hint={t('workflows.emptyHint')}>
            <ButtonLink to="/workflows" search={{}} variant="default">
              {t('workflows.openEditor')}
            </ButtonLink>
          </EmptyState>
        }
      />
      <Text size="xs" c="dimmed" mt="xs">
        {t('workflows.runAsHint')}
      </Text>
    </div>
  )
}

function useColumns(open: string | undefined, toggle: (row: Workflow) => void): Column<Workflow>[] {
  const { t } = useTranslation()
  const phone = useIsPhone() // a card has no heads
  return [
    {
      id: 'name',
      header: t('workflows.name'),
      meta: { phone: 'title' },
      cell: ({ row: { original } }) => {
        const Shape = original.flow_id === open ? ChevronDownIcon : ChevronRightIcon
        return (
          <UnstyledButton
            className={classes.opener}
            aria-expanded={original.flow_id === open}
            onClick={() => toggle(original)}
          >
            <Shape size={14} />
            {original.name || shortId(original.flow_id)}
          </UnstyledButton>
        )
      },
    },
    {
      id: 'state',
      header: t('workflows.state'),
      meta: { phone: 'side' },
      cell: ({ row: { original } }) => (
        <ActiveBadge active={original.is_active}>
          {original.is_active ? t('workflows.active') : t('workflows.stopped')}
        </ActiveBadge>
      ),
    },
    {
      id: 'version',
      header: t('workflows.version'),
      meta: { width: 90, align: 'right' },
      cell: ({ row: { original } }) =>
        phone ? t('workflows.versionNumber', { number: original.version }) : original.version,
    },
    { id: 'as', header: t('workflows.runAs'), cell: ({ row }) => <RunsAs owner={row.original.run_as} /> },
    {
      id: 'at',
      header: t('workflows.deployedAt'),
      cell: ({ row }) => <Time at={row.original.updated_at} c="dimmed" />,
    },
    {
      id: 'actions',
      header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
      meta: { width: 48, align: 'right', phone: 'side' },
      cell: ({ row }) => <FlowMenu flow={row.original} />,
    },
  ]
}

/** A flow whose owner is gone or disabled does not run; that must not look like any other name. */
function RunsAs({ owner }: { owner: Workflow['run_as'] }) {
  const { t } = useTranslation()
  if (owner?.is_active) return owner.username
  return (
    <ToneBadge tone="warning" icon={BanIcon} plain>
      {owner ? t('workflows.disabledOwner', { name: owner.username }) : t('workflows.nobody')}
    </ToneBadge>
  )
}

function Versions({ flow }: { flow: Workflow }) {
  const { t } = useTranslation()
  const { rows, error, onRetry, onMore, loadingMore } = pagesOf(useWorkflowVersions(flow.flow_id))
  if (error && !rows) return <ErrorState error={error} onRetry={onRetry} compact />
  if (!rows)
    return (
      <Stack gap="xs" pt="sm">
        <Skeleton height={16} />
        <Skeleton height={16} />
      </Stack>
    )
  return (
    <>
      <ul className={classes.versions} aria-label={t('workflows.versions', { name: flow.name })}>
        {rows.map(({ version, deployed_at, deployed_by, sha256 }) => (
          <li key={version}>
            <TextLink
              to="/workflows/flows/$flowId/versions/$version"
              params={{ flowId: flow.flow_id, version: String(version) }}
              fw={550}
              size="xs"
            >
              {t('workflows.versionNumber', { number: version })}
            </TextLink>
            <span>{deployed_by}</span>
            <Time at={deployed_at} c="dimmed" />
            <code title={sha256}>{shortId(sha256)}</code>
          </li>
        ))}
      </ul>
      {onMore && <MoreButton size="compact-xs" mt="sm" onMore={onMore} loadingMore={loadingMore} />}
    </>
  )
}

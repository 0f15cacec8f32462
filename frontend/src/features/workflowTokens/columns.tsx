import { Button, Text, VisuallyHidden } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { WorkflowToken } from '@/api/types'
import { ask } from '@/components/feedback'
import { BanIcon, CheckIcon, ClockIcon } from '@/components/icons'
import type { Column } from '@/components/ResourceTable'
import { ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { useAllWorkflows } from '@/features/workflows/queries'
import { useRevokeToken } from './queries'
import { isTokenScope, scopeWords } from './scopes'

export function useTokenColumns(): Column<WorkflowToken>[] {
  const { t } = useTranslation()
  const can = useCan()
  const owner: Column<WorkflowToken> = {
    id: 'owner',
    header: t('workflowTokens.owner'),
    cell: ({ row }) => <Owner owner={row.original.owner} />,
  }
  return [
    {
      id: 'name',
      header: t('workflowTokens.name'),
      meta: { phone: 'title' },
      cell: ({ row }) => <Name token={row.original} />,
    },
    {
      id: 'state',
      header: t('workflowTokens.state'),
      meta: { width: 110 },
      cell: ({ row }) => <State token={row.original} />,
    },
    ...(can('workflow_tokens.of_others') ? [owner] : []),
    { id: 'scopes', header: t('workflowTokens.scopes'), cell: ({ row }) => <Scopes token={row.original} /> },
    {
      id: 'flow',
      header: t('workflowTokens.flow'),
      meta: { phone: 'hide' },
      cell: ({ row }) => <Flow id={row.original.flow_id} />,
    },
    {
      id: 'used',
      header: t('workflowTokens.lastUsed'),
      meta: { phone: 'hide' },
      cell: ({ row }) => <Time at={row.original.last_used_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'expires',
      header: t('workflowTokens.expires'),
      cell: ({ row }) => <Time at={row.original.expires_at} c="dimmed" style={{ whiteSpace: 'nowrap' }} />,
    },
    {
      id: 'actions',
      header: () => <VisuallyHidden>{t('common.actions')}</VisuallyHidden>,
      meta: { width: 80, align: 'right', phone: 'side' },
      cell: ({ row }) => row.original.state === 'active' && <RevokeButton token={row.original} />,
    },
  ]
}

function Name({ token: { name, prefix } }: { token: WorkflowToken }) {
  return (
    <>
      <Text fw={550} size="sm" style={{ overflowWrap: 'anywhere' }}>
        {name}
      </Text>
      <Text size="xs" c="dimmed" ff="monospace">
        {`${prefix}…`}
      </Text>
    </>
  )
}

const looks = {
  active: { tone: 'success', icon: CheckIcon },
  expired: { tone: 'neutral', icon: ClockIcon },
  revoked: { tone: 'neutral', icon: BanIcon },
} as const

function State({ token: { state } }: { token: WorkflowToken }) {
  const { t } = useTranslation()
  return (
    <ToneBadge {...looks[state]} plain>
      {t(`workflowTokens.states.${state}`)}
    </ToneBadge>
  )
}

function Owner({ owner: { username, is_active } }: Pick<WorkflowToken, 'owner'>) {
  const { t } = useTranslation()
  if (is_active) return <>{username}</>
  return (
    <ToneBadge tone="warning" icon={BanIcon} plain>
      {t('workflowTokens.ownerOff', { name: username })}
    </ToneBadge>
  )
}

/** A scope that this app does not know is shown in the API's own word. */
function Scopes({ token: { scopes } }: { token: WorkflowToken }) {
  const { t } = useTranslation()
  const words = scopes.map((scope) =>
    isTokenScope(scope) ? t(`workflowTokens.scope.${scopeWords[scope]}.name`) : scope,
  )
  return <Text size="xs">{words.join(' · ')}</Text>
}

function Flow({ id }: { id: string | null }) {
  const { t } = useTranslation()
  const flows = useAllWorkflows().data
  if (!id)
    return (
      <Text span inherit c="dimmed">
        {t('workflowTokens.anyFlow')}
      </Text>
    )
  const name = flows?.find(({ flow_id }) => flow_id === id)?.name
  return name || <code>{id}</code>
}

function RevokeButton({ token }: { token: WorkflowToken }) {
  const { t } = useTranslation()
  const revoke = useRevokeToken(token)
  const { name } = token
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={revoke.isPending}
      aria-label={t('workflowTokens.revokeNamed', { name })}
      onClick={() =>
        ask({
          title: t('workflowTokens.revokeTitle', { name }),
          text: t('workflowTokens.revokeText'),
          confirm: t('workflowTokens.revoke'),
          onConfirm: () => revoke.mutate(),
        })
      }
    >
      {t('workflowTokens.revoke')}
    </Button>
  )
}

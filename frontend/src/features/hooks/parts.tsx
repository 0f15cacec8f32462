/** What a hook is shown by: its method and path, and how requests to it prove themselves. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Hook } from '@/api/types'
import { LockIcon, ShieldIcon, TokenIcon, WarningIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { ToneBadge } from '@/components/Status'
import { useCan } from '@/features/auth/session'

const looks = {
  closed: { tone: 'neutral', icon: LockIcon },
  token: { tone: 'success', icon: TokenIcon },
  hmac: { tone: 'success', icon: ShieldIcon },
  github: { tone: 'success', icon: ShieldIcon },
  open: { tone: 'warning', icon: WarningIcon },
} as const

/** A hook that asks for a secret and has issued none lets nobody in; that is said as well. */
export function ProtectionBadge({ hook: { protection, secrets } }: { hook: Hook }) {
  const { t } = useTranslation()
  const name = protection ?? 'closed'
  const nobody = protection !== null && protection !== 'open' && secrets === 0
  return (
    <ToneBadge {...(nobody ? { tone: 'warning', icon: LockIcon } : looks[name])} plain>
      {t(`hooks.protections.${name}.name`)}
      {nobody && ` · ${t('hooks.noSecret')}`}
    </ToneBadge>
  )
}

export function Address({ hook: { method, path } }: { hook: Hook }) {
  return (
    <Text span ff="monospace" size="sm" fw={550} style={{ overflowWrap: 'anywhere' }}>
      {`${method} ${path}`}
    </Text>
  )
}

/** The tab that serves a hook, as the way to its node. */
export function ServedBy({ hook }: { hook: Hook }) {
  const { t } = useTranslation()
  const can = useCan()
  if (!hook.served)
    return (
      <ToneBadge tone="warning" icon={LockIcon} plain>
        {t('hooks.notServed')}
      </ToneBadge>
    )
  if (!hook.flow_id) return <>{t('hooks.unknownFlow')}</>
  const name = hook.flow_name || hook.flow_id
  if (!can('workflows.read')) return <>{name}</>
  return (
    <TextLink
      to="/workflows"
      search={{ view: 'editor', ...(hook.node_id ? { node: hook.node_id } : { flow: hook.flow_id }) }}
      size="sm"
    >
      {name}
    </TextLink>
  )
}

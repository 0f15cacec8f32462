/** The secrets of a hook, and the button for a new one. */
import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { HookDetail, HookSecret } from '@/api/types'
import { ask } from '@/components/feedback'
import { BanIcon, CheckIcon, ClockIcon, PlusIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import classes from './hooks.module.css'
import { useRevoke } from './queries'

/** min */
const graces = { now: 0, hour: 60, day: 24 * 60, week: 7 * 24 * 60 }
type Grace = keyof typeof graces
const graceNames = Object.keys(graces) as Grace[]

interface SecretsProps {
  hook: HookDetail
  onIssue: (grace: number) => void
  issuing: boolean
}

export function Secrets({ hook, onIssue, issuing }: SecretsProps) {
  const { t } = useTranslation()
  const mayWrite = useCan()('hooks.write')
  const asked = hook.protection !== null && hook.protection !== 'open'
  return (
    <Stack gap="md">
      {hook.issued.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('hooks.noSecretsHint')}
        </Text>
      )}
      {hook.issued.length > 0 && (
        <ul className={classes.secrets} aria-label={t('hooks.secrets')}>
          {hook.issued.map((secret) => (
            <Secret key={secret.id} hook={hook} secret={secret} />
          ))}
        </ul>
      )}
      {mayWrite && asked && <IssueButton hook={hook} onIssue={onIssue} issuing={issuing} />}
    </Stack>
  )
}

function IssueButton({ hook, onIssue, issuing }: SecretsProps) {
  const { t } = useTranslation()
  const [grace, setGrace] = useState<Grace>('now')
  return (
    <Group align="flex-end" gap="sm">
      {hook.secrets > 0 && (
        <Select
          label={t('hooks.grace')}
          allowDeselect={false}
          data={graceNames.map((name) => ({ value: name, label: t(`hooks.graces.${name}`) }))}
          value={grace}
          onChange={(chosen) => setGrace(graceNames.find((name) => name === chosen) ?? 'now')}
        />
      )}
      <Button
        leftSection={<PlusIcon />}
        loading={issuing}
        onClick={() => onIssue(hook.secrets > 0 ? graces[grace] : 0)}
      >
        {t(hook.secrets > 0 ? 'hooks.rotate' : 'hooks.issue')}
      </Button>
    </Group>
  )
}

function Secret({ hook, secret }: { hook: HookDetail; secret: HookSecret }) {
  const { t } = useTranslation()
  const mayWrite = useCan()('hooks.write')
  const { prefix, is_good, created_by, created_at, last_used_at } = secret
  return (
    <li className={classes.secret}>
      <div className={classes.secretText}>
        <Group gap="xs">
          <code>{`${prefix}…`}</code>
          <State secret={secret} />
        </Group>
        <Text size="xs" c="dimmed">
          {`${t('hooks.issuedBy', { user: created_by })} `}
          <Time at={created_at} />
          {` · ${t('hooks.lastUsed')}: `}
          <Time at={last_used_at} />
        </Text>
      </div>
      {mayWrite && is_good && <RevokeButton hook={hook} secret={secret} />}
    </li>
  )
}

function State({ secret: { is_good, ends_at } }: { secret: HookSecret }) {
  const { t } = useTranslation()
  if (!is_good)
    return (
      <ToneBadge tone="neutral" icon={BanIcon} plain>
        {t('hooks.ended')}
      </ToneBadge>
    )
  if (!ends_at)
    return (
      <ToneBadge tone="success" icon={CheckIcon} plain>
        {t('hooks.good')}
      </ToneBadge>
    )
  return (
    <ToneBadge tone="warning" icon={ClockIcon} plain>
      {`${t('hooks.ends')} `}
      <Time at={ends_at} />
    </ToneBadge>
  )
}

function RevokeButton({ hook, secret }: { hook: HookDetail; secret: HookSecret }) {
  const { t } = useTranslation()
  const revoke = useRevoke(hook.id, secret)
  const { prefix } = secret
  return (
    <Button
      size="compact-xs"
      variant="default"
      loading={revoke.isPending}
      aria-label={t('hooks.revokeNamed', { prefix })}
      onClick={() =>
        ask({
          title: t('hooks.revokeTitle', { prefix }),
          text: t('hooks.revokeText'),
          confirm: t('hooks.revoke'),
          onConfirm: () => revoke.mutate(),
        })
      }
    >
      {t('hooks.revoke')}
    </Button>
  )
}

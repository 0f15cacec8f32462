/** The pinned host key of a target: what it is, since when, and how to forget it. */
import { Button, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { CopyIconButton } from '@/components/CopyText'
import { ask, tellDone, tellFailed } from '@/components/feedback'
import { Section } from '@/components/Page'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { Key } from './ConnectionTest'
import { useForgetKey } from './queries'

export function HostKey({ target }: { target: Target }) {
  const { t } = useTranslation()
  const key = target.host_key
  if (!key)
    return (
      <Section title={t('targets.hostKey')}>
        <Text size="sm" c="dimmed">
          {target.host_key_policy === 'require-approval' ? t('targets.noKeyApproval') : t('targets.noKey')}
        </Text>
      </Section>
    )
  return (
    <Section title={t('targets.hostKey')} actions={<Forget target={target} />}>
      <Stack gap={6}>
        <Group gap={4} wrap="nowrap">
          <Key algorithm={key.algorithm} fingerprint={key.fingerprint} />
          <CopyIconButton value={key.fingerprint} />
        </Group>
        <Text size="xs" c="dimmed">
          {t('targets.pinned')} <Time at={key.pinned_at} />
        </Text>
        <Text size="xs" c="dimmed">
          {t('targets.keyExplained')}
        </Text>
      </Stack>
    </Section>
  )
}

function Forget({ target }: { target: Target }) {
  const { t } = useTranslation()
  const may = useCan()('targets.trust')
  const forget = useForgetKey(target.id)
  if (!may) return null
  const confirmed = () =>
    forget.mutate(undefined, {
      onSuccess: () => tellDone(t('targets.forgotten')),
      onError: (error) => tellFailed(t('errors.failed', { what: t('targets.forget') }), error),
    })
  return (
    <Button
      size="compact-xs"
      variant="default"
      onClick={() =>
        ask({
          title: t('targets.forgetTitle', { name: target.name }),
          text: t('targets.forgetText'),
          confirm: t('targets.forget'),
          onConfirm: confirmed,
        })
      }
    >
      {t('targets.forget')}
    </Button>
  )
}

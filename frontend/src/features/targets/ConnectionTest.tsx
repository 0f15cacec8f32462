/** Tries the connection now, and says in plain words how it went. */
import { Alert, Button, Code, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Target, ConnectionTest as TestResult } from '@/api/types'
import { errorText } from '@/components/errorText'
import { ask, tellDone, tellFailed } from '@/components/feedback'
import { CheckIcon, PlugIcon, ShieldIcon, UnplugIcon, WarningIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { useCan } from '@/features/auth/session'
import { duration } from '@/lib/time'
import { useApproveKey, type useTestTarget } from './queries'

export function ConnectionTest({ target, test }: { target: Target; test: ReturnType<typeof useTestTarget> }) {
  const { t } = useTranslation()
  return (
    <div aria-live="polite">
      {test.isPending && (
        <Alert color="gray" icon={<PlugIcon />}>
          {t('targets.testing')}
        </Alert>
      )}
      {test.isError && (
        <Alert color="red" icon={<WarningIcon />} title={t('targets.testFailed')}>
          {errorText(test.error)}
        </Alert>
      )}
      {test.isSuccess && <Outcome target={target} result={test.data} />}
    </div>
  )
}

function Outcome({ target, result }: { target: Target; result: TestResult }) {
  const { t } = useTranslation()
  if (result.ok)
    return (
      <Alert
        color="brand"
        icon={<CheckIcon />}
        title={t('targets.testOk', { latency: duration(result.latency_ms ?? 0) })}
      >
        {result.host_key && (
          <Key algorithm={result.host_key.algorithm} fingerprint={result.host_key.fingerprint} />
        )}
      </Alert>
    )
  return (
    <Alert color="red" icon={<UnplugIcon />} title={t('targets.testFailed')}>
      <Stack gap="xs">
        <Text size="sm">{result.detail}</Text>
        <FailedHop target={target} id={result.failed_hop_id} />
        {result.offered_host_key && <Offered target={target} offered={result.offered_host_key} />}
        {result.error_code && (
          <Text size="xs" c="dimmed">
            <Code>{result.error_code}</Code>
          </Text>
        )}
      </Stack>
    </Alert>
  )
}

function FailedHop({ target, id }: { target: Target; id: TestResult['failed_hop_id'] }) {
  const { t } = useTranslation()
  const hop = target.route.find((host) => host.id === id)
  if (!hop) return null
  return (
    <Text size="sm">
      {t('targets.failedAtHop')}{' '}
      <TextLink to="/targets/$targetId" params={{ targetId: hop.id }} search={true} size="sm">
        {t('targets.openHop', { name: hop.name })}
      </TextLink>
    </Text>
  )
}

function Offered({
  target,
  offered,
}: {
  target: Target
  offered: NonNullable<TestResult['offered_host_key']>
}) {
  const { t } = useTranslation()
  const may = useCan()('targets.trust')
  const approve = useApproveKey(target.id)
  const confirmed = () =>
    approve.mutate(offered.fingerprint, {
      onSuccess: () => tellDone(t('targets.approved')),
      onError: (error) => tellFailed(t('errors.failed', { what: t('targets.approve') }), error),
    })
  return (
    <Stack gap={6}>
      <Text size="xs" fw={600}>
        {t('targets.offered')}
      </Text>
      <Key algorithm={offered.algorithm} fingerprint={offered.fingerprint} />
      {may && (
        <Group>
          <Button
            size="xs"
            variant="default"
            leftSection={<ShieldIcon size={14} />}
            loading={approve.isPending}
            onClick={() =>
              ask({
                title: t('targets.approveTitle'),
                text: t('targets.approveText'),
                confirm: t('targets.approve'),
                onConfirm: confirmed,
              })
            }
          >
            {t('targets.approve')}
          </Button>
        </Group>
      )}
    </Stack>
  )
}

export function Key({ algorithm, fingerprint }: { algorithm: string; fingerprint: string }) {
  return (
    <Text size="xs" ff="monospace" style={{ overflowWrap: 'anywhere' }}>
      {algorithm} {fingerprint}
    </Text>
  )
}

/** A channel at the side of the list, at an address of its own: its form, a test, and what it sent last. */
import { Alert, Button, Code, Group, Skeleton, Stack, Text } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { pagesOf } from '@/api/paging'
import type { Channel, SentDelivery } from '@/api/types'
import { errorText } from '@/components/errorText'
import { tellDone } from '@/components/feedback'
import { BellIcon, CheckIcon, WarningIcon } from '@/components/icons'
import { MoreButton } from '@/components/MoreButton'
import { Section } from '@/components/Page'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { duration } from '@/lib/time'
import { ChannelForm } from './ChannelForm'
import classes from './notifications.module.css'
import { DeliveryBadge } from './parts'
import { useChannel, useDeliveries, useTestChannel } from './queries'

function useClose() {
  const navigate = useNavigate()
  return () => void navigate({ to: '/notifications/channels' })
}

export function NewChannelDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const close = useClose()
  return (
    <SideDrawer title={t('channels.addTitle')} onClose={close}>
      <ChannelForm
        onCancel={close}
        onDone={({ id, name }) => {
          tellDone(t('channels.added', { name }))
          // What comes next is a test of it.
          void navigate({ to: '/notifications/channels/$channelId', params: { channelId: id } })
        }}
      />
    </SideDrawer>
  )
}

export function ChannelDrawer() {
  const { t } = useTranslation()
  const { channelId } = useParams({ from: '/shell/notifications/channels/$channelId' })
  const close = useClose()
  const { data, error, refetch } = useChannel(channelId)
  return (
    <SideDrawer title={data?.name ?? t('common.loading')} onClose={close}>
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {!data && !error && (
        <Stack>
          <Skeleton height={52} />
          <Skeleton height={52} />
          <Skeleton height={96} />
        </Stack>
      )}
      {data && <Whole channel={data} onClose={close} />}
    </SideDrawer>
  )
}

function Whole({ channel, onClose }: { channel: Channel; onClose: () => void }) {
  const { t } = useTranslation()
  const mayWrite = useCan()('notifications.write')
  return (
    <Stack gap="lg">
      {mayWrite && <ChannelTest channel={channel} />}
      <Section title={t('channels.deliveries')}>
        <Deliveries channel={channel} />
      </Section>
      {mayWrite && (
        <Section title={t('channels.settings')}>
          <ChannelForm
            channel={channel}
            onCancel={onClose}
            onDone={({ name }) => {
              tellDone(t('channels.saved', { name }))
              onClose()
            }}
          />
        </Section>
      )}
    </Stack>
  )
}

function ChannelTest({ channel }: { channel: Channel }) {
  const { t } = useTranslation()
  const test = useTestChannel(channel.id)
  return (
    <Stack gap="sm">
      <Group gap="sm">
        <Button
          variant="default"
          leftSection={<BellIcon />}
          loading={test.isPending}
          onClick={() => test.mutate()}
        >
          {t('channels.test')}
        </Button>
        <Text size="xs" c="dimmed">
          {t('channels.testHint')}
        </Text>
      </Group>
      <div aria-live="polite">
        {test.isError && (
          <Alert color="red" icon={<WarningIcon />} title={t('channels.testFailed')}>
            {errorText(test.error)}
          </Alert>
        )}
        {test.isSuccess && <Outcome outcome={test.data} />}
      </div>
    </Stack>
  )
}

function Outcome({ outcome }: { outcome: NonNullable<ReturnType<typeof useTestChannel>['data']> }) {
  const { t } = useTranslation()
  if (outcome.delivered)
    return (
      <Alert
        color="brand"
        icon={<CheckIcon />}
        title={t('channels.testOk', { time: duration(outcome.seconds * 1000) })}
      />
    )
  return (
    <Alert color="red" icon={<WarningIcon />} title={t('channels.testFailed')}>
      <Stack gap="xs">
        <Text size="sm">{outcome.error_message}</Text>
        <Text size="xs" c="dimmed">
          <Code>{outcome.error_code}</Code>
        </Text>
      </Stack>
    </Alert>
  )
}

function Deliveries({ channel }: { channel: Channel }) {
  const { t } = useTranslation()
  const { rows, error, onRetry, onMore, loadingMore } = pagesOf(useDeliveries(channel.id))
  if (error && !rows) return <ErrorState error={error} onRetry={onRetry} compact />
  if (!rows) return <Skeleton height={52} />
  if (rows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('channels.noDeliveries')}
      </Text>
    )
  return (
    <>
      <ul className={classes.deliveries} aria-label={t('channels.deliveries')}>
        {rows.map((row) => (
          <Delivery key={row.id} delivery={row} />
        ))}
      </ul>
      {onMore && <MoreButton size="xs" mt="sm" onMore={onMore} loadingMore={loadingMore} />}
    </>
  )
}

function Delivery({ delivery }: { delivery: SentDelivery }) {
  const { t } = useTranslation()
  const { title, status, attempts, error_message, next_attempt_at, created_at } = delivery
  return (
    <li className={classes.delivery}>
      <Group justify="space-between" gap="xs" wrap="nowrap" align="flex-start">
        <Text size="sm" className={classes.text}>
          {title}
        </Text>
        <DeliveryBadge status={status} />
      </Group>
      <Text size="xs" c="dimmed">
        <Time at={created_at} />
        {attempts > 1 && ` · ${t('channels.attempts', { count: attempts })}`}
        {status === 'pending' && attempts > 0 && (
          <>
            {` · ${t('channels.nextAttempt')} `}
            <Time at={next_attempt_at} />
          </>
        )}
      </Text>
      {error_message && (
        <Text size="xs" mt={2} className={classes.text}>
          {error_message}
        </Text>
      )}
    </li>
  )
}

/** The form for a new channel and for changing one; a present secret stays unless another one is entered. */
import {
  Button,
  Group,
  NumberInput,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Text,
  TextInput,
} from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '@/api/errors'
import type { Channel } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { useCan } from '@/features/auth/session'
import { severities } from './filter'
import { KindFields } from './KindFields'
import { useAddChannel, useChangeChannel } from './queries'
import { type ChannelValues, changeOf, EMPTY, FIELDS, newChannelOf, valuesOf } from './values'

const kinds = ['email', 'webhook', 'apprise', 'in_app'] as const

interface ChannelFormProps {
  channel?: Channel
  onDone: (channel: Channel) => void
  onCancel: () => void
}

export function ChannelForm({ channel, onDone, onCancel }: ChannelFormProps) {
  const { t } = useTranslation()
  const form = useChannelForm(channel)
  const add = useAddChannel()
  const change = useChangeChannel(channel?.id ?? '')
  const options = {
    onSuccess: onDone,
    onError: (error: Error) => {
      form.setErrors(fieldErrors(error, FIELDS))
      tellFailed(t('channels.saveFailed'), error)
    },
  }
  const submit = (values: ChannelValues) =>
    channel ? change.mutate(changeOf(values), options) : add.mutate(newChannelOf(values), options)
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('channels.name')}
          description={t('channels.nameHint')}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        {!channel && (
          <KindChoice value={form.values.kind} onChange={(kind) => form.setFieldValue('kind', kind)} />
        )}
        <KindFields form={form} channel={channel} />
        <Limits form={form} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={add.isPending || change.isPending}>
            {channel ? t('common.save') : t('channels.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

export type ChannelFormState = ReturnType<typeof useChannelForm>

function useChannelForm(channel: Channel | undefined) {
  const { t } = useTranslation()
  const needed = (value: unknown) => (String(value).trim() ? null : t('common.required'))
  const neededFor =
    (...of: ChannelValues['kind'][]) =>
    (value: unknown, { kind }: ChannelValues) =>
      of.includes(kind) ? needed(value) : null
  const secretFor =
    (...of: ChannelValues['kind'][]) =>
    (value: unknown, values: ChannelValues) =>
      channel ? null : neededFor(...of)(value, values)
  return useForm<ChannelValues>({
    initialValues: channel ? valuesOf(channel) : EMPTY,
    validate: {
      name: needed,
      per_minute: needed,
      host: neededFor('email'),
      port: neededFor('email'),
      sender: neededFor('email'),
      recipients: neededFor('email'),
      url: secretFor('webhook', 'apprise'),
      signing_key: secretFor('webhook'),
    },
  })
}

interface KindChoiceProps {
  value: ChannelValues['kind']
  onChange: (kind: ChannelValues['kind']) => void
}

function KindChoice({ value, onChange }: KindChoiceProps) {
  const { t } = useTranslation()
  return (
    <div>
      <Text size="sm" fw={500} mb={4} id="channel-kind">
        {t('channels.kind')}
      </Text>
      <SegmentedControl
        aria-labelledby="channel-kind"
        fullWidth
        value={value}
        onChange={(kind) => onChange(kind as ChannelValues['kind'])}
        data={kinds.map((kind) => ({ value: kind, label: t(`channels.kinds.${kind}`) }))}
      />
      <Text size="xs" c="dimmed" mt={4}>
        {t(`channels.kindHints.${value}`)}
      </Text>
    </div>
  )
}

/** What it takes, how much of it, and where it may lead. */
function Limits({ form }: { form: ChannelFormState }) {
  const { t } = useTranslation()
  const mayAllow = useCan()('notifications.allow_private')
  return (
    <>
      <Select
        label={t('channels.minSeverity')}
        description={t('channels.minSeverityHint')}
        allowDeselect={false}
        data={severities.map((value) => ({ value, label: t(`notifications.severities.${value}`) }))}
        {...form.getInputProps('min_severity')}
      />
      <NumberInput
        label={t('channels.perMinute')}
        description={t('channels.perMinuteHint')}
        min={1}
        max={1000}
        allowDecimal={false}
        {...form.getInputProps('per_minute')}
      />
      {form.values.kind !== 'in_app' && (
        <Switch
          label={t('channels.allowPrivate')}
          description={t('channels.allowPrivateHint')}
          disabled={!mayAllow}
          {...form.getInputProps('allow_private', { type: 'checkbox' })}
        />
      )}
      <Switch label={t('channels.enabled')} {...form.getInputProps('enabled', { type: 'checkbox' })} />
    </>
  )
}

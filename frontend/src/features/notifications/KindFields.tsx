/** The part of a channel's form that belongs to its kind. */
import {
  Button,
  Group,
  NumberInput,
  PasswordInput,
  SegmentedControl,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Channel } from '@/api/types'
import { WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { uuid } from '@/lib/random'
import type { ChannelFormState } from './ChannelForm'
import { type ChannelValues, PORTS } from './values'

interface KindFieldsProps {
  form: ChannelFormState
  channel: Channel | undefined
}

export function KindFields(props: KindFieldsProps) {
  switch (props.form.values.kind) {
    case 'email':
      return <EmailFields {...props} />
    case 'webhook':
      return <WebhookFields {...props} />
    case 'apprise':
      return <ServiceFields {...props} />
    default:
      return null
  }
}

function EmailFields({ form, channel }: KindFieldsProps) {
  const { t } = useTranslation()
  return (
    <>
      <Security form={form} />
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <TextInput
          label={t('channels.server')}
          placeholder="mail.example.org"
          required
          flex={1}
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps('host')}
        />
        <NumberInput
          label={t('channels.port')}
          required
          w={96}
          min={1}
          max={65_535}
          allowDecimal={false}
          hideControls
          {...form.getInputProps('port')}
        />
      </Group>
      <TextInput
        label={t('channels.username')}
        description={t('channels.usernameHint')}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        {...form.getInputProps('username')}
      />
      {form.values.username && (
        <SecretInput form={form} name="password" kept={channel?.email?.has_password ?? false} />
      )}
      <TextInput
        label={t('channels.sender')}
        placeholder="opsconductor@example.org"
        required
        type="email"
        {...form.getInputProps('sender')}
      />
      <TagsInput
        label={t('channels.recipients')}
        description={t('channels.recipientsHint')}
        required
        maxTags={50}
        splitChars={[',', ';', ' ']}
        acceptValueOnBlur
        {...form.getInputProps('recipients')}
      />
    </>
  )
}

/** Each encryption has its usual port; one that somebody chose stays. */
function Security({ form }: { form: ChannelFormState }) {
  const { t } = useTranslation()
  const { security, port } = form.values
  const choose = (next: ChannelValues['security']) => {
    form.setFieldValue('security', next)
    if (port === PORTS[security]) form.setFieldValue('port', PORTS[next])
  }
  return (
    <div>
      <Text size="sm" fw={500} mb={4} id="channel-security">
        {t('channels.security')}
      </Text>
      <SegmentedControl
        aria-labelledby="channel-security"
        fullWidth
        value={security}
        onChange={(next) => choose(next as ChannelValues['security'])}
        data={(['starttls', 'tls', 'none'] as const).map((value) => ({
          value,
          label: t(`channels.securities.${value}`),
        }))}
      />
      {security === 'none' && <Notice tone="warning" icon={WarningIcon} title={t('channels.plainWarning')} />}
    </div>
  )
}

function WebhookFields({ form, channel }: KindFieldsProps) {
  const { t } = useTranslation()
  return (
    <>
      <SecretInput
        form={form}
        name="url"
        kept={channel !== undefined}
        label={t('channels.url')}
        hint={t('channels.urlHint')}
        placeholder={channel?.webhook ? `https://${channel.webhook.host}/…` : 'https://'}
      />
      <SecretInput
        form={form}
        name="signing_key"
        kept={channel !== undefined}
        label={t('channels.signingKey')}
        hint={t('channels.signingKeyHint')}
      />
      <Button
        variant="default"
        size="xs"
        w="fit-content"
        onClick={() => form.setFieldValue('signing_key', uuid().replaceAll('-', ''))}
      >
        {t('channels.makeKey')}
      </Button>
    </>
  )
}

function ServiceFields({ form, channel }: KindFieldsProps) {
  const { t } = useTranslation()
  return (
    <SecretInput
      form={form}
      name="url"
      kept={channel !== undefined}
      label={t('channels.serviceUrl')}
      hint={t('channels.serviceUrlHint')}
      placeholder={channel?.apprise ? `${channel.apprise.service}://…` : undefined}
    />
  )
}

interface SecretInputProps {
  form: ChannelFormState
  name: 'password' | 'url' | 'signing_key'
  /** Whether there is one already, which stays when nothing is entered. */
  kept: boolean
  label?: string
  hint?: string
  placeholder?: string
}

function SecretInput({ form, name, kept, label, hint, placeholder }: SecretInputProps) {
  const { t } = useTranslation()
  return (
    <PasswordInput
      label={label ?? t('channels.password')}
      description={kept ? t('channels.keeps') : hint}
      placeholder={placeholder}
      required={!kept}
      autoComplete="new-password"
      data-1p-ignore
      {...form.getInputProps(name)}
    />
  )
}

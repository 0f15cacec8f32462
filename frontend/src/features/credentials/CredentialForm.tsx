/** The form for a new credential and for changing one; a present secret is kept unless it is replaced. */
import { Button, Group, Paper, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '@/api/errors'
import type { Credential, CredentialChange, NewCredential } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { LockIcon } from '@/components/icons'
import { LimitField } from '@/components/LimitField'
import { BecomePasswordField, CertificateField, type Fate } from './OptionalFields'
import { keyProblem } from './privateKey'
import { useAddCredential, useChangeCredential } from './queries'
import { SecretFields } from './SecretFields'

export interface CredentialValues {
  name: string
  kind: 'password' | 'ssh_key'
  username: string
  description: string
  max_parallel: number | null
  password: string
  private_key: string
  passphrase: string
  certificate: string
  certificate_fate: Fate
  become_password: string
  become_password_fate: Fate
}

const EMPTY: CredentialValues = {
  name: '',
  kind: 'ssh_key',
  username: '',
  description: '',
  max_parallel: null,
  password: '',
  private_key: '',
  passphrase: '',
  certificate: '',
  certificate_fate: 'set',
  become_password: '',
  become_password_fate: 'set',
}
const FIELDS = Object.keys(EMPTY)

interface CredentialFormProps {
  credential?: Credential
  onDone: (credential: Credential) => void
  onCancel: () => void
}

export function CredentialForm({ credential, onDone, onCancel }: CredentialFormProps) {
  const { t } = useTranslation()
  const [withSecret, setWithSecret] = useState(credential === undefined)
  const form = useCredentialForm(credential, withSecret)
  const add = useAddCredential()
  const change = useChangeCredential(credential?.id ?? '')
  const options = {
    onSuccess: onDone,
    onError: (error: Error) => {
      form.setErrors(fieldErrors(error, FIELDS))
      tellFailed(t('credentials.saveFailed'), error)
    },
  }
  const submit = (values: CredentialValues) =>
    credential
      ? change.mutate(changeOf(values, withSecret), options)
      : add.mutate({ kind: values.kind, ...changeOf(values, true) } as NewCredential, options)
  // The form is also shown inside the target form: React hands a submit on to the outer one unless it is stopped.
  const onSubmit = (event: React.FormEvent<HTMLFormElement>) => {
    event.stopPropagation()
    form.onSubmit(submit)(event)
  }
  return (
    <form onSubmit={onSubmit} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('credentials.name')}
          description={t('credentials.nameHint')}
          required
          data-autofocus
          {...form.getInputProps('name')}
        />
        <TextInput
          label={t('credentials.username')}
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('username')}
        />
        {!credential && (
          <KindChoice value={form.values.kind} onChange={(kind) => form.setFieldValue('kind', kind)} />
        )}
        {withSecret ? <SecretFields form={form} /> : <SealedNotice onReplace={() => setWithSecret(true)} />}
        {withSecret && credential && (
          <Button variant="subtle" size="compact-sm" w="fit-content" onClick={() => setWithSecret(false)}>
            {t('credentials.keep')}
          </Button>
        )}
        {form.values.kind === 'ssh_key' && (
          <CertificateField form={form} credential={credential} newKey={withSecret} />
        )}
        <BecomePasswordField form={form} credential={credential} />
        <LimitField
          value={form.values.max_parallel}
          onChange={(limit) => form.setFieldValue('max_parallel', limit)}
          hint={t('credentials.limitHint')}
          error={form.errors.max_parallel}
        />
        <Textarea
          label={t('credentials.description')}
          autosize
          minRows={2}
          {...form.getInputProps('description')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={add.isPending || change.isPending}>
            {credential ? t('common.save') : t('credentials.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function useCredentialForm(credential: Credential | undefined, withSecret: boolean) {
  const { t } = useTranslation()
  const needed = (value: string) => (value.trim() ? null : t('common.required'))
  return useForm<CredentialValues>({
    initialValues: credential ? { ...EMPTY, ...pick(credential) } : EMPTY,
    validate: {
      name: needed,
      username: needed,
      password: (value, { kind }) =>
        withSecret && kind === 'password' && !value ? t('common.required') : null,
      private_key: (value, { kind }) => {
        if (!withSecret || kind !== 'ssh_key') return null
        if (!value.trim()) return t('common.required')
        const problem = keyProblem(value)
        if (problem === 'public_key') return t('credentials.publicKey')
        return problem ? t('credentials.notAKey') : null
      },
    },
  })
}

function pick(credential: Credential): Partial<CredentialValues> {
  const { name, kind, username, description, max_parallel, certificate, has_become_password } = credential
  return {
    name,
    kind,
    username,
    description: description ?? '',
    max_parallel,
    certificate_fate: certificate ? 'keep' : 'set',
    become_password_fate: has_become_password ? 'keep' : 'set',
  }
}

function changeOf(values: CredentialValues, withSecret: boolean): CredentialChange {
  const { name, username, description, max_parallel, kind, password, private_key, passphrase } = values
  const open = {
    name: name.trim(),
    username: username.trim(),
    description: description.trim(),
    max_parallel,
    ...optionalsOf(values, withSecret),
  }
  if (!withSecret) return open
  if (kind === 'password') return { ...open, password }
  // A key file ends with a line break; some readers refuse one that was pasted without.
  return { ...open, private_key: `${private_key.trim()}\n`, ...(passphrase ? { passphrase } : {}) }
}

function optionalsOf(values: CredentialValues, withSecret: boolean): CredentialChange {
  const { kind, certificate, certificate_fate, become_password, become_password_fate } = values
  const change: CredentialChange = {}
  if (become_password_fate === 'remove') change.become_password = null
  else if (become_password) change.become_password = become_password
  if (kind !== 'ssh_key') return change
  // A new key takes the certificate of the old one away by itself.
  if (certificate_fate === 'remove' && !withSecret) change.certificate = null
  else if (certificate.trim()) change.certificate = certificate.trim()
  return change
}

interface KindChoiceProps {
  value: CredentialValues['kind']
  onChange: (kind: CredentialValues['kind']) => void
}

function KindChoice({ value, onChange }: KindChoiceProps) {
  const { t } = useTranslation()
  return (
    <div>
      <Text size="sm" fw={500} mb={4} id="credential-kind">
        {t('credentials.kind')}
      </Text>
      <SegmentedControl
        aria-labelledby="credential-kind"
        fullWidth
        value={value}
        onChange={(kind) => onChange(kind as CredentialValues['kind'])}
        data={(['ssh_key', 'password'] as const).map((kind) => ({
          value: kind,
          label: t(`credentials.kinds.${kind}`),
        }))}
      />
    </div>
  )
}

function SealedNotice({ onReplace }: { onReplace: () => void }) {
  const { t } = useTranslation()
  return (
    <Paper p="sm" bg="var(--oc-sunken)">
      <Group gap="sm" wrap="nowrap" align="flex-start">
        <LockIcon style={{ flexShrink: 0, marginTop: 2 }} />
        <Stack gap="xs">
          <Text size="sm">{t('credentials.secretKept')}</Text>
          <Button variant="default" size="xs" w="fit-content" onClick={onReplace}>
            {t('credentials.replace')}
          </Button>
        </Stack>
      </Group>
    </Paper>
  )
}

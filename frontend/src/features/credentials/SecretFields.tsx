/** The secret half of a credential. */
import { Button, FileButton, Group, PasswordInput, Stack, Textarea } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { UploadIcon } from '@/components/icons'
import type { CredentialValues } from './CredentialForm'
import { Labelled } from './OptionalFields'
import { LARGEST_KEY } from './privateKey'

export function SecretFields({ form }: { form: UseFormReturnType<CredentialValues> }) {
  return form.getValues().kind === 'password' ? <PasswordField form={form} /> : <KeyFields form={form} />
}

function PasswordField({ form }: { form: UseFormReturnType<CredentialValues> }) {
  const { t } = useTranslation()
  return (
    <PasswordInput
      label={t('credentials.password')}
      required
      autoComplete="new-password"
      data-1p-ignore
      {...form.getInputProps('password')}
    />
  )
}

function KeyFields({ form }: { form: UseFormReturnType<CredentialValues> }) {
  const { t } = useTranslation()
  const read = async (file: File | null) => {
    if (!file) return
    if (file.size > LARGEST_KEY) form.setFieldError('private_key', t('credentials.tooLarge'))
    else form.setFieldValue('private_key', await file.text())
  }
  return (
    <Stack gap="sm">
      <Textarea
        label={
          <Group gap="xs" component="span" display="inline-flex">
            {t('credentials.privateKey')}
          </Group>
        }
        description={t('credentials.privateKeyHint')}
        required
        rows={6}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
        {...form.getInputProps('private_key')}
      />
      <FileButton onChange={read}>
        {(button) => (
          <Button
            variant="default"
            size="xs"
            leftSection={<UploadIcon size={14} />}
            w="fit-content"
            {...button}
          >
            {t('credentials.chooseFile')}
          </Button>
        )}
      </FileButton>
      <PasswordInput
        label={<Labelled text={t('credentials.passphrase')} />}
        description={t('credentials.passphraseHint')}
        autoComplete="new-password"
        data-1p-ignore
        {...form.getInputProps('passphrase')}
      />
    </Stack>
  )
}

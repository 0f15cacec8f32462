/** What a credential may have beside its secret: the certificate of its key, and a password for sudo. */
import { Button, Group, Paper, PasswordInput, Stack, Text, Textarea } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import type { Credential } from '@/api/types'
import { CertificateFacts } from './Certificate'
import type { CredentialValues } from './CredentialForm'

type Form = UseFormReturnType<CredentialValues>

/** `keep` and `remove` are about one that is there already. */
export type Fate = 'keep' | 'set' | 'remove'

interface FieldProps {
  form: Form
  credential: Credential | undefined
}

export function CertificateField({ form, credential, newKey }: FieldProps & { newKey: boolean }) {
  const { t } = useTranslation()
  const present = credential?.certificate
  const { certificate_fate: fate } = form.values
  const meant = (wanted: Fate) => form.setFieldValue('certificate_fate', wanted)
  if (present && !newKey && fate !== 'set')
    return (
      <Present
        label={t('credentials.certificate')}
        goes={fate === 'remove' && t('credentials.certificateGoes')}
        replace={t('credentials.certificateReplace')}
        remove={t('credentials.certificateRemove')}
        onFate={meant}
      >
        <CertificateFacts certificate={present} />
      </Present>
    )
  const ofPresent = newKey ? 'credentials.certificateOfOldKey' : 'credentials.keepsPresent'
  const hint = present ? ofPresent : 'credentials.certificateHint'
  return (
    <Textarea
      label={<Labelled text={t('credentials.certificate')} />}
      description={t(hint)}
      rows={3}
      spellCheck={false}
      autoCapitalize="none"
      autoComplete="off"
      styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 12 } }}
      {...form.getInputProps('certificate')}
    />
  )
}

export function BecomePasswordField({ form, credential }: FieldProps) {
  const { t } = useTranslation()
  const { become_password_fate: fate } = form.values
  const meant = (wanted: Fate) => form.setFieldValue('become_password_fate', wanted)
  if (credential?.has_become_password && fate !== 'set')
    return (
      <Present
        label={t('credentials.becomePassword')}
        goes={fate === 'remove' && t('credentials.becomePasswordGoes')}
        replace={t('credentials.becomePasswordReplace')}
        remove={t('credentials.becomePasswordRemove')}
        onFate={meant}
      >
        <Text size="sm">{t('credentials.becomePasswordKept')}</Text>
      </Present>
    )
  return (
    <PasswordInput
      label={<Labelled text={t('credentials.becomePassword')} />}
      description={t(
        credential?.has_become_password ? 'credentials.keepsPresent' : 'credentials.becomePasswordHint',
      )}
      autoComplete="new-password"
      data-1p-ignore
      {...form.getInputProps('become_password')}
    />
  )
}

export function Labelled({ text }: { text: string }) {
  const { t } = useTranslation()
  return (
    <>
      {text}{' '}
      <Text span size="xs" c="dimmed">
        {t('common.optional')}
      </Text>
    </>
  )
}

interface PresentProps {
  label: string
  goes: string | false
  replace: string
  remove: string
  onFate: (fate: Fate) => void
  children: React.ReactNode
}

function Present({ label, goes, replace, remove, onFate, children }: PresentProps) {
  const { t } = useTranslation()
  return (
    <div>
      <Text size="sm" fw={500} mb={4}>
        {label}
      </Text>
      <Paper p="sm" bg="var(--oc-sunken)">
        <Stack gap="xs">
          {goes ? <Text size="sm">{goes}</Text> : children}
          <Group gap="xs">
            {goes ? (
              <Button variant="default" size="xs" onClick={() => onFate('keep')}>
                {t('credentials.undo')}
              </Button>
            ) : (
              <>
                <Button variant="default" size="xs" onClick={() => onFate('set')}>
                  {replace}
                </Button>
                <Button variant="subtle" color="red" size="xs" onClick={() => onFate('remove')}>
                  {remove}
                </Button>
              </>
            )}
          </Group>
        </Stack>
      </Paper>
    </div>
  )
}

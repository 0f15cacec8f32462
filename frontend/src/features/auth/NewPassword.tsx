/** A new password, typed twice, with what is still missing said while typing. */
import { PasswordInput, Text } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { CheckIcon } from '@/components/icons'
import { passwordProblem, SHORTEST_PASSWORD } from './password'

export interface WithNewPassword {
  username: string
  password: string
  again: string
}

export function useNewPasswordRules() {
  const { t } = useTranslation()
  return {
    password: (value: string, { username }: WithNewPassword) => {
      const problem = passwordProblem(value, username)
      if (problem?.kind === 'short') return t('auth.passwordShort', { count: problem.missing })
      return problem ? t('auth.passwordIsName') : null
    },
    again: (value: string, { password }: WithNewPassword) =>
      value === password ? null : t('auth.passwordsDiffer'),
  }
}

export function NewPasswordFields<Values extends WithNewPassword>({
  form,
}: {
  form: UseFormReturnType<Values>
}) {
  const { t } = useTranslation()
  const { password } = form.getValues()
  const enough = Array.from(password).length >= SHORTEST_PASSWORD
  return (
    <>
      <PasswordInput
        label={t('auth.password')}
        autoComplete="new-password"
        required
        description={
          enough ? (
            <Text span inherit display="inline-flex" style={{ alignItems: 'center', gap: 4 }}>
              <CheckIcon size={12} />
              {t('auth.passwordLong')}
            </Text>
          ) : (
            t('auth.passwordHint', { count: SHORTEST_PASSWORD })
          )
        }
        key={form.key('password')}
        {...form.getInputProps('password')}
      />
      <PasswordInput
        label={t('auth.passwordAgain')}
        autoComplete="new-password"
        required
        key={form.key('again')}
        {...form.getInputProps('again')}
      />
    </>
  )
}

import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { errorText } from '@/components/errorText'
import { WarningIcon } from '@/components/icons'
import { Door } from './Door'
import { useEnter } from './useEnter'

export function LoginPage() {
  const { next, ended } = useSearch({ from: '/login' })
  const { t } = useTranslation()
  return (
    <Door title={t('auth.signInTitle')} intro={ended ? t('auth.ended') : undefined}>
      <LoginForm next={next} />
    </Door>
  )
}

export function LoginForm({ next }: { next?: string }) {
  const { t } = useTranslation()
  const enter = useEnter()
  const queryClient = useQueryClient()
  const needed = isNotEmpty(t('common.required'))
  const form = useForm({
    mode: 'uncontrolled',
    initialValues: { username: '', password: '' },
    validate: { username: needed, password: needed },
  })
  const signIn = useMutation({
    mutationFn: (body: { username: string; password: string }) =>
      answer(api.POST('/api/v3/auth/login', { body })),
    onSuccess: () => {
      queryClient.clear()
      return enter(next)
    },
    onError: () => form.setFieldValue('password', ''),
  })
  return (
    <form onSubmit={form.onSubmit((values) => signIn.mutate(values))} noValidate>
      <Stack gap="sm">
        {signIn.isError && (
          <Alert color="red" icon={<WarningIcon />} role="alert">
            {errorText(signIn.error)}
          </Alert>
        )}
        <TextInput
          label={t('auth.username')}
          autoComplete="username"
          autoCapitalize="none"
          autoFocus
          key={form.key('username')}
          {...form.getInputProps('username')}
        />
        <PasswordInput
          label={t('auth.password')}
          autoComplete="current-password"
          key={form.key('password')}
          {...form.getInputProps('password')}
        />
        <Button type="submit" loading={signIn.isPending} mt="xs" fullWidth>
          {t('auth.signIn')}
        </Button>
      </Stack>
    </form>
  )
}

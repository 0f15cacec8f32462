import { Alert, Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { isNotEmpty, useForm } from '@mantine/form'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { fieldErrors } from '@/api/errors'
import { errorText } from '@/components/errorText'
import { tellDone } from '@/components/feedback'
import { WarningIcon } from '@/components/icons'
import { Door } from './Door'
import { NewPasswordFields, useNewPasswordRules } from './NewPassword'
import { useEnter } from './useEnter'

const EMPTY = { setup_secret: '', username: '', display_name: '', password: '', again: '' }
const FIELDS = Object.keys(EMPTY)

export function SetupPage() {
  const { t } = useTranslation()
  return (
    <Door title={t('auth.setupTitle')} intro={t('auth.setupIntro')}>
      <SetupForm />
    </Door>
  )
}

export function SetupForm() {
  const { t } = useTranslation()
  const enter = useEnter()
  const queryClient = useQueryClient()
  const rules = useNewPasswordRules()
  const needed = isNotEmpty(t('common.required'))
  const form = useForm({
    initialValues: EMPTY,
    validate: { setup_secret: needed, username: needed, ...rules },
  })
  const create = useMutation({
    mutationFn: ({ again: _, display_name, ...rest }: typeof EMPTY) =>
      answer(api.POST('/api/v3/setup', { body: { ...rest, display_name: display_name || rest.username } })),
    onSuccess: async () => {
      queryClient.clear()
      await enter('/')
      tellDone(t('auth.setupDone'), t('auth.setupDoneHint'))
    },
    onError: (error) => form.setErrors(fieldErrors(error, FIELDS)),
  })
  return (
    <form onSubmit={form.onSubmit((values) => create.mutate(values))} noValidate>
      <Stack gap="sm">
        {create.isError && (
          <Alert color="red" icon={<WarningIcon />} role="alert">
            {errorText(create.error)}
          </Alert>
        )}
        <PasswordInput
          label={t('auth.setupSecret')}
          description={t('auth.setupSecretHint')}
          required
          autoFocus
          autoComplete="off"
          {...form.getInputProps('setup_secret')}
        />
        <TextInput
          label={t('auth.username')}
          required
          autoComplete="username"
          autoCapitalize="none"
          {...form.getInputProps('username')}
        />
        <TextInput
          label={t('auth.displayName')}
          description={t('auth.displayNameHint')}
          autoComplete="name"
          {...form.getInputProps('display_name')}
        />
        <NewPasswordFields form={form} />
        <Button type="submit" loading={create.isPending} mt="xs" fullWidth>
          {t('auth.create')}
        </Button>
      </Stack>
    </form>
  )
}

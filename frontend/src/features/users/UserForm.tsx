/** The form for a new user and for changing one. */
import { Button, Group, PasswordInput, Select, Stack, Switch, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { fieldErrors, isApiError } from '@/api/errors'
import type { Role, User } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { passwordProblem, SHORTEST_PASSWORD } from '@/features/auth/password'
import { useAddUser, useChangeUser } from './queries'

interface UserValues {
  username: string
  display_name: string
  role: Role
  is_active: boolean
  password: string
}

const EMPTY: UserValues = { username: '', display_name: '', role: 'operator', is_active: true, password: '' }
const FIELDS = Object.keys(EMPTY)
const roles = ['administrator', 'manager', 'operator', 'designer', 'viewer'] as const

interface UserFormProps {
  user?: User
  onDone: (user: User) => void
  onCancel: () => void
}

export function UserForm({ user, onDone, onCancel }: UserFormProps) {
  const { t } = useTranslation()
  const form = useUserForm(user)
  const add = useAddUser()
  const change = useChangeUser(user?.id ?? '')
  const options = {
    onSuccess: onDone,
    onError: (error: Error) => {
      form.setErrors(
        isApiError(error, 'username_taken') ? { username: error.message } : fieldErrors(error, FIELDS),
      )
      tellFailed(t('users.saveFailed'), error)
    },
  }
  const submit = ({ username, display_name, role, is_active, password }: UserValues) => {
    const shown = display_name.trim() || username.trim()
    if (user)
      change.mutate({ display_name: shown, role, is_active, ...(password ? { password } : {}) }, options)
    else add.mutate({ username: username.trim(), display_name: shown, role, password }, options)
  }
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        {!user && (
          <TextInput
            label={t('users.username')}
            description={t('users.usernameHint')}
            required
            data-autofocus
            autoCapitalize="none"
            autoComplete="off"
            {...form.getInputProps('username')}
          />
        )}
        <TextInput
          label={t('users.displayName')}
          autoComplete="off"
          {...form.getInputProps('display_name')}
        />
        <Select
          label={t('users.role')}
          description={t(`users.roleHints.${form.values.role}`)}
          allowDeselect={false}
          data={roles.map((role) => ({ value: role, label: t(`nav.roles.${role}`) }))}
          {...form.getInputProps('role')}
        />
        <PasswordInput
          label={user ? t('users.newPassword') : t('users.password')}
          description={
            user ? t('users.newPasswordHint') : t('auth.passwordHint', { count: SHORTEST_PASSWORD })
          }
          required={!user}
          autoComplete="new-password"
          data-1p-ignore
          {...form.getInputProps('password')}
        />
        {user && (
          <Switch
            label={t('users.active')}
            description={t('users.activeHint')}
            {...form.getInputProps('is_active', { type: 'checkbox' })}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={add.isPending || change.isPending}>
            {user ? t('common.save') : t('users.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function useUserForm(user: User | undefined) {
  const { t } = useTranslation()
  return useForm<UserValues>({
    initialValues: user ? { ...EMPTY, ...user, password: '' } : EMPTY,
    validate: {
      username: (value) => (value.trim() ? null : t('common.required')),
      password: (value, { username }) => {
        if (user && !value) return null
        const problem = passwordProblem(value, username)
        if (problem?.kind === 'short') return t('auth.passwordShort', { count: problem.missing })
        return problem ? t('auth.passwordIsName') : null
      },
    },
  })
}

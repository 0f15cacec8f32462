/** Who is signed in, how the app looks, and the way out. */
import {
  Group,
  type MantineColorScheme,
  Menu,
  Text,
  UnstyledButton,
  useMantineColorScheme,
} from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { answer, api } from '@/api/client'
import { tellFailed } from '@/components/feedback'
import { type Icon, MoonIcon, ScreenIcon, SignOutIcon, SunIcon, UserIcon } from '@/components/icons'
import { useAccount } from '@/features/auth/session'
import classes from './shell.module.css'

const schemes: [scheme: MantineColorScheme, name: 'light' | 'dark' | 'system', icon: Icon][] = [
  ['light', 'light', SunIcon],
  ['dark', 'dark', MoonIcon],
  ['auto', 'system', ScreenIcon],
]

export function UserMenu() {
  const { t } = useTranslation()
  const account = useAccount()
  const signOut = useSignOut()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  if (!account) return null
  return (
    <Menu width={220}>
      <Menu.Target>
        <UnstyledButton
          className={classes.user}
          aria-label={t('nav.account', { name: account.display_name })}
        >
          <UserIcon size={15} />
          <span className={classes.userName}>{account.display_name}</span>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {account.username}
          <Text size="xs">{t(`nav.roles.${account.role}`)}</Text>
        </Menu.Label>
        <Menu.Divider />
        <Menu.Label>{t('nav.appearance')}</Menu.Label>
        <Menu.RadioGroup
          value={colorScheme}
          onChange={(scheme) => setColorScheme(scheme as MantineColorScheme)}
        >
          {schemes.map(([scheme, name, Shape]) => (
            <Menu.RadioItem key={scheme} value={scheme}>
              <Group gap="xs">
                <Shape size={15} />
                {t(`nav.${name}`)}
              </Group>
            </Menu.RadioItem>
          ))}
        </Menu.RadioGroup>
        <Menu.Divider />
        <Menu.Item leftSection={<SignOutIcon size={15} />} onClick={() => signOut.mutate()}>
          {t('nav.signOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

function useSignOut() {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const navigate = useNavigate()
  return useMutation({
    mutationFn: () => answer(api.POST('/api/v3/auth/logout')),
    onSuccess: async () => {
      queryClient.clear()
      await navigate({ to: '/login' })
    },
    onError: (error) => tellFailed(t('errors.failed', { what: t('nav.signOut') }), error),
  })
}

/** The user form at the side of the list, at an address of its own. */
import { Skeleton } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { tellDone } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { useUsers } from './queries'
import { UserForm } from './UserForm'

function useClose() {
  const navigate = useNavigate()
  return () => void navigate({ to: '/users' })
}

export function NewUserDrawer() {
  const { t } = useTranslation()
  const close = useClose()
  return (
    <SideDrawer title={t('users.addTitle')} onClose={close}>
      <UserForm
        onCancel={close}
        onDone={({ username: name }) => {
          tellDone(t('users.created', { name }))
          close()
        }}
      />
    </SideDrawer>
  )
}

export function EditUserDrawer() {
  const { t } = useTranslation()
  const { userId } = useParams({ from: '/shell/users/$userId' })
  const close = useClose()
  const { data, error, refetch } = useUsers()
  const user = data?.find(({ id }) => id === userId)
  return (
    <SideDrawer
      title={user ? t('users.editTitle', { name: user.username }) : t('common.edit')}
      onClose={close}
    >
      {error && !data && <ErrorState error={error} onRetry={refetch} compact />}
      {!data && !error && <Skeleton height={160} />}
      {data && !user && <ErrorState error={new Error(t('nav.notFoundHint'))} compact />}
      {user && (
        <UserForm
          key={user.id}
          user={user}
          onCancel={close}
          onDone={({ username: name }) => {
            tellDone(t('users.updated', { name }))
            close()
          }}
        />
      )}
    </SideDrawer>
  )
}

/** The credential form at the side of the list, at an address of its own. */
import { Skeleton, Stack } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { tellDone } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { CredentialForm } from './CredentialForm'
import { useCredential } from './queries'

function useClose() {
  const navigate = useNavigate()
  return () => void navigate({ to: '/credentials' })
}

export function NewCredentialDrawer() {
  const { t } = useTranslation()
  const close = useClose()
  return (
    <SideDrawer title={t('credentials.addTitle')} onClose={close}>
      <CredentialForm
        onCancel={close}
        onDone={({ name }) => {
          tellDone(t('credentials.created', { name }))
          close()
        }}
      />
    </SideDrawer>
  )
}

export function EditCredentialDrawer() {
  const { t } = useTranslation()
  const { credentialId } = useParams({ from: '/shell/credentials/$credentialId' })
  const close = useClose()
  const { data, error, refetch } = useCredential(credentialId)
  return (
    <SideDrawer
      title={data ? t('credentials.editTitle', { name: data.name }) : t('common.edit')}
      onClose={close}
    >
      {error && <ErrorState error={error} onRetry={refetch} compact />}
      {!data && !error && (
        <Stack>
          <Skeleton height={52} />
          <Skeleton height={52} />
          <Skeleton height={96} />
        </Stack>
      )}
      {data && (
        <CredentialForm
          credential={data}
          onCancel={close}
          onDone={({ name }) => {
            tellDone(t('credentials.updated', { name }))
            close()
          }}
        />
      )}
    </SideDrawer>
  )
}

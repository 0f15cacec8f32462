import { Skeleton, Stack } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { tellDone } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { useTarget } from './queries'
import { TargetForm } from './TargetForm'

export function NewTargetDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const close = () => void navigate({ to: '/targets', search: true })
  return (
    <SideDrawer title={t('targets.addTitle')} onClose={close}>
      <TargetForm
        onCancel={close}
        onDone={({ id, name }) => {
          tellDone(t('targets.created', { name }))
          void navigate({ to: '/targets/$targetId', params: { targetId: id }, replace: true })
        }}
      />
    </SideDrawer>
  )
}

export function EditTargetDrawer() {
  const { t } = useTranslation()
  const { targetId } = useParams({ from: '/shell/targets/$targetId/edit' })
  const navigate = useNavigate()
  const { data, error, refetch } = useTarget(targetId)
  const back = () =>
    void navigate({ to: '/targets/$targetId', params: { targetId }, search: true, replace: true })
  return (
    <SideDrawer title={data ? t('targets.editTitle', { name: data.name }) : t('common.edit')} onClose={back}>
      {error && !data && <ErrorState error={error} onRetry={refetch} compact />}
      {!data && !error && (
        <Stack>
          <Skeleton height={52} />
          <Skeleton height={52} />
        </Stack>
      )}
      {data && (
        <TargetForm
          target={data}
          onCancel={back}
          onDone={({ name }) => {
            tellDone(t('targets.updated', { name }))
            back()
          }}
        />
      )}
    </SideDrawer>
  )
}

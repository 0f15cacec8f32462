/** The button that makes a tab of a template, and then leads to it. */
import { Button } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Template } from '@/api/types'
import { tellDone, tellFailed } from '@/components/feedback'
import { WorkflowIcon } from '@/components/icons'
import { useUseTemplate } from './queries'

export function UseTemplate({ template }: { template: Template }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const use = useUseTemplate(template.id)
  const make = () =>
    use.mutate(undefined, {
      onSuccess: ({ flow_id, name }) => {
        tellDone(t('templates.used', { name }), t('templates.usedHint'))
        void navigate({ to: '/workflows', search: { view: 'editor', flow: flow_id } })
      },
      onError: (error) => tellFailed(t('templates.useFailed'), error),
    })
  return (
    <Button leftSection={<WorkflowIcon />} loading={use.isPending} onClick={make}>
      {t('templates.use')}
    </Button>
  )
}

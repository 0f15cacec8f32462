/** The drawer in which what is said about a template is changed. */
import { Skeleton } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Template } from '@/api/types'
import { tellDone } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { useChangeTemplate, useTemplate } from './queries'
import { TemplateForm } from './TemplateForm'

export function EditTemplateDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { templateId } = useParams({ from: '/shell/workflows/templates/$templateId/edit' })
  const { data } = useTemplate(templateId)
  const close = () => void navigate({ to: '/workflows/templates/$templateId', params: { templateId } })
  return (
    <SideDrawer title={t('templates.editTitle', { name: data?.name })} onClose={close}>
      {data ? <Form template={data} onDone={close} /> : <Skeleton height={240} aria-busy="true" />}
    </SideDrawer>
  )
}

function Form({ template, onDone }: { template: Template; onDone: () => void }) {
  const { t } = useTranslation()
  const change = useChangeTemplate(template.id)
  const { name, description, category, tags, is_public, version } = template
  return (
    <TemplateForm
      key={version}
      start={{ name, description, category, tags, is_public, message: '' }}
      submit={t('common.save')}
      change
      pending={change.isPending}
      onCancel={onDone}
      onSubmit={(values, onError) =>
        change.mutate(
          { ...values, based_on: version },
          {
            onSuccess: (changed) => {
              tellDone(t('templates.updated', { name: changed.name }))
              onDone()
            },
            onError,
          },
        )
      }
    />
  )
}

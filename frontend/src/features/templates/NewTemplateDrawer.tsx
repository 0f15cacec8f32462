/** The drawer in which a deployed flow is saved as a template. */
import { Skeleton } from '@mantine/core'
import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { FlowDocument } from '@/api/types'
import { tellDone } from '@/components/feedback'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { useFlowDocument } from '@/features/workflows/queries'
import { useAddTemplate } from './queries'
import { TemplateForm } from './TemplateForm'

export function NewTemplateDrawer() {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const filter = useSearch({ from: '/shell/workflows/templates' })
  const { flowId } = useParams({ from: '/shell/workflows/templates/new/$flowId' })
  const { data, error, refetch } = useFlowDocument(flowId)
  const close = () => void navigate({ to: '/workflows/templates', search: filter })
  return (
    <SideDrawer
      title={data ? t('templates.saveTitle', { name: data.name }) : t('templates.save')}
      onClose={close}
    >
      {data ? (
        <Form document={data} onCancel={close} />
      ) : error ? (
        <ErrorState error={error} onRetry={refetch} compact />
      ) : (
        <Skeleton height={240} aria-busy="true" />
      )}
    </SideDrawer>
  )
}

function Form({ document, onCancel }: { document: FlowDocument; onCancel: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const add = useAddTemplate()
  const start = {
    name: document.name ?? '',
    description: infoOf(document),
    category: '',
    tags: [],
    is_public: false,
    message: '',
  }
  return (
    <TemplateForm
      start={start}
      submit={t('templates.save')}
      pending={add.isPending}
      onCancel={onCancel}
      onSubmit={(values, onError) =>
        add.mutate(
          { ...values, template_data: document.nodes },
          {
            onSuccess: ({ id, name }) => {
              tellDone(t('templates.saved', { name }))
              void navigate({ to: '/workflows/templates/$templateId', params: { templateId: id } })
            },
            onError,
          },
        )
      }
    />
  )
}

/** What its author wrote about the tab. */
function infoOf({ nodes }: FlowDocument): string {
  const tab = nodes.find(({ type }) => type === 'tab')
  return typeof tab?.info === 'string' ? tab.info : ''
}

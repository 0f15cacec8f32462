import { useTranslation } from 'react-i18next'
import { WorkflowIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'

/** Leads to where a flow is drawn; at one of its nodes, where one is named. */
export function OpenInEditor({ flow, node }: { flow: string; node?: string | null }) {
  const { t } = useTranslation()
  return (
    <ButtonLink
      to="/workflows"
      search={{ view: 'editor', ...(node ? { node } : { flow }) }}
      variant="default"
      leftSection={<WorkflowIcon />}
    >
      {t('workflows.openInEditor')}
    </ButtonLink>
  )
}

/** What can be done with a deployed flow beside drawing it. */
import { ActionIcon, Menu } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Workflow } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { DotsIcon, DownloadIcon, TemplateIcon, WorkflowIcon } from '@/components/icons'
import { MenuLink } from '@/components/links'
import { useCan } from '@/features/auth/session'
import { saveDocument } from './document'
import { useExportFlow } from './queries'

export function FlowMenu({ flow: { flow_id: flowId, name } }: { flow: Workflow }) {
  const { t } = useTranslation()
  const can = useCan()
  const take = useExportFlow()
  const save = () =>
    take.mutate(flowId, {
      onSuccess: saveDocument,
      onError: (error) => tellFailed(t('workflows.exportFailed', { name }), error),
    })
  return (
    <Menu>
      <Menu.Target>
        <ActionIcon aria-label={t('workflows.moreActions', { name })}>
          <DotsIcon />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <MenuLink to="/workflows" search={{ view: 'editor', flow: flowId }} leftSection={<WorkflowIcon />}>
          {t('workflows.openInEditor')}
        </MenuLink>
        <Menu.Item leftSection={<DownloadIcon />} onClick={save}>
          {t('workflows.export')}
        </Menu.Item>
        {can('templates.write') && (
          <MenuLink to="/workflows/templates/new/$flowId" params={{ flowId }} leftSection={<TemplateIcon />}>
            {t('workflows.saveAsTemplate')}
          </MenuLink>
        )}
      </Menu.Dropdown>
    </Menu>
  )
}

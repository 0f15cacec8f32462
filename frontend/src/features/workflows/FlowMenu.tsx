/** What can be done with a deployed flow beside drawing it. */
import { ActionIcon, Menu } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Workflow } from '@/api/types'
import { DotsIcon, DownloadIcon, TemplateIcon, WorkflowIcon } from '@/components/icons'
import { MenuLink } from '@/components/links'
import { useCan } from '@/features/auth/session'
import { useExportFlow } from './queries'

export function FlowMenu({ flow }: { flow: Workflow }) {
  const { t } = useTranslation()
  const can = useCan()
  const { flow_id: flowId, name } = flow
  const take = useExportFlow(flow)
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
        <Menu.Item leftSection={<DownloadIcon />} onClick={() => take.mutate()}>
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

/** What can be done with all outputs of an execution: look at them by target or by content, search, take away. */
import { Button, Group, Menu, SegmentedControl } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { DownloadIcon, SearchIcon } from '@/components/icons'
import type { ExecutionView } from './filter'
import { downloadAddress, formats } from './outputQueries'

export interface ViewProps {
  view: ExecutionView
  onShow: (view: ExecutionView) => void
}

export function OutputActions({ execution, view, onShow }: ViewProps & { execution: Execution }) {
  const { t } = useTranslation()
  return (
    <Group gap="xs" ml="auto">
      <SegmentedControl
        size="xs"
        aria-label={t('outputs.view')}
        data={[
          { value: 'targets', label: t('outputs.byTarget') },
          { value: 'groups', label: t('outputs.identicalShort') },
        ]}
        value={view.view ?? 'targets'}
        onChange={(chosen) => onShow(chosen === 'groups' ? { view: 'groups' } : {})}
      />
      <Button
        size="compact-sm"
        variant="default"
        leftSection={<SearchIcon size={14} />}
        onClick={() => onShow({ ...view, find: '' })}
      >
        {t('outputs.searchAll')}
      </Button>
      <DownloadMenu executionId={execution.id} />
    </Group>
  )
}

function DownloadMenu({ executionId }: { executionId: string }) {
  const { t } = useTranslation()
  return (
    <Menu>
      <Menu.Target>
        <Button size="compact-sm" variant="default" leftSection={<DownloadIcon size={14} />}>
          {t('outputs.downloadAll')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {formats.map((format) => (
          <Menu.Item key={format} component="a" href={downloadAddress(executionId, format)} download>
            {t(`outputs.formats.${format}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

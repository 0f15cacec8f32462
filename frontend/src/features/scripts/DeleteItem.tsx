/** The menu item that deletes a script, once somebody has confirmed it. */
import { Menu } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { ScriptRow } from '@/api/types'
import { ask, tellDone, tellFailed } from '@/components/feedback'
import { TrashIcon } from '@/components/icons'
import { useDeleteScript } from './queries'

interface DeleteItemProps {
  script: Pick<ScriptRow, 'id' | 'name'>
  onDeleted?: () => void
}

export function DeleteItem({ script: { id, name }, onDeleted }: DeleteItemProps) {
  const { t } = useTranslation()
  const remove = useDeleteScript()
  const confirmed = async () => {
    try {
      await remove.mutateAsync(id)
    } catch (error) {
      tellFailed(t('errors.failed', { what: t('common.delete') }), error)
      return
    }
    tellDone(t('scripts.deleted', { name }))
    onDeleted?.()
  }
  return (
    <Menu.Item
      color="red"
      leftSection={<TrashIcon />}
      onClick={() =>
        ask({
          title: t('scripts.deleteTitle', { name }),
          text: t('scripts.deleteText'),
          confirm: t('common.delete'),
          onConfirm: () => void confirmed(),
        })
      }
    >
      {t('common.delete')}
    </Menu.Item>
  )
}

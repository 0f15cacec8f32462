/** The menu item that deletes something, once somebody has confirmed it, and says what came of it. */
import { Menu } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { ask, tellDone, tellFailed } from './feedback'
import { TrashIcon } from './icons'

interface DeleteItemProps {
  title: string
  text: string
  /** What is said once it is deleted. */
  deleted: string
  remove: () => Promise<unknown>
  onDeleted?: () => void
  /** Says why it was not deleted; true when it did, else the usual is said. */
  sayWhy?: (error: unknown) => boolean
}

export function DeleteItem({ title, text, deleted, remove, onDeleted, sayWhy }: DeleteItemProps) {
  const { t } = useTranslation()
  const confirmed = async () => {
    try {
      await remove()
    } catch (error) {
      if (!sayWhy?.(error)) tellFailed(t('errors.failed', { what: t('common.delete') }), error)
      return
    }
    tellDone(deleted)
    onDeleted?.()
  }
  return (
    <Menu.Item
      color="red"
      leftSection={<TrashIcon />}
      onClick={() => ask({ title, text, confirm: t('common.delete'), onConfirm: () => void confirmed() })}
    >
      {t('common.delete')}
    </Menu.Item>
  )
}

/** The menu item that deletes a script. */
import { useTranslation } from 'react-i18next'
import type { ScriptRow } from '@/api/types'
import { DeleteItem } from '@/components/DeleteItem'
import { useDeleteScript } from './queries'

interface DeleteScriptProps {
  script: Pick<ScriptRow, 'id' | 'name'>
  onDeleted?: () => void
}

export function DeleteScript({ script: { id, name }, onDeleted }: DeleteScriptProps) {
  const { t } = useTranslation()
  const remove = useDeleteScript()
  return (
    <DeleteItem
      title={t('scripts.deleteTitle', { name })}
      text={t('scripts.deleteText')}
      deleted={t('scripts.deleted', { name })}
      remove={() => remove.mutateAsync(id)}
      onDeleted={onDeleted}
    />
  )
}

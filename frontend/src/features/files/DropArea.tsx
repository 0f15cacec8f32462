/** The page as a place to drop files on; it says so while something is held over it. */
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { UploadIcon } from '@/components/icons'
import classes from './files.module.css'

interface DropAreaProps {
  onFiles: ((files: File[]) => void) | undefined
  children: React.ReactNode
}

export function DropArea({ onFiles, children }: DropAreaProps) {
  const { t } = useTranslation()
  const [over, setOver] = useState(false)
  if (!onFiles) return children
  const held = (event: React.DragEvent) => {
    if (!event.dataTransfer.types.includes('Files')) return
    event.preventDefault()
    setOver(true)
  }
  const left = (event: React.DragEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false)
  }
  const dropped = (event: React.DragEvent) => {
    event.preventDefault()
    setOver(false)
    onFiles(filesOf(event.dataTransfer))
  }
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a second way; the first is the button
    <div className={classes.area} onDragEnter={held} onDragOver={held} onDragLeave={left} onDrop={dropped}>
      {children}
      {over && (
        <div className={classes.over}>
          <UploadIcon size={20} />
          {t('files.dropHere')}
        </div>
      )}
    </div>
  )
}

/** Folders look like files when they are dropped, but can't be read as one. */
function filesOf(data: DataTransfer): File[] {
  const items = [...data.items].filter(({ kind }) => kind === 'file')
  if (items.length === 0) return [...data.files]
  return items
    .filter((item) => !item.webkitGetAsEntry?.()?.isDirectory)
    .map((item) => item.getAsFile())
    .filter((file) => file !== null)
}

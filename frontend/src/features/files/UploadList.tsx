/** What is being sent: how far each file has come, and why one failed. */
import { ActionIcon, Progress, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { errorText } from '@/components/errorText'
import { CrossIcon } from '@/components/icons'
import { bytes } from '@/lib/size'
import classes from './files.module.css'
import type { Upload } from './useUploads'

interface UploadListProps {
  uploads: Upload[]
  onDrop: (id: string) => void
}

export function UploadList({ uploads, onDrop }: UploadListProps) {
  const { t } = useTranslation()
  if (uploads.length === 0) return null
  return (
    <ul className={classes.uploads} aria-label={t('files.uploading')}>
      {uploads.map((upload) => (
        <UploadRow key={upload.id} upload={upload} onDrop={() => onDrop(upload.id)} />
      ))}
    </ul>
  )
}

function UploadRow({ upload, onDrop }: { upload: Upload; onDrop: () => void }) {
  const { t } = useTranslation()
  const { file, sent, error } = upload
  const failed = error !== undefined
  const percent = file.size ? Math.min(100, (sent / file.size) * 100) : 0
  return (
    <li className={classes.upload}>
      <div className={classes.uploadName}>
        <Text size="sm" fw={550} truncate>
          {file.name}
        </Text>
        <Text size="xs" c={failed ? 'var(--oc-danger-text)' : 'dimmed'} role={failed ? 'alert' : undefined}>
          {failed
            ? t('files.notUploaded', { reason: errorText(error) })
            : t('files.sentOf', { sent: bytes(Math.min(sent, file.size)), size: bytes(file.size) })}
        </Text>
      </div>
      <ActionIcon
        aria-label={t(failed ? 'files.forget' : 'files.stop', { name: file.name })}
        onClick={onDrop}
      >
        <CrossIcon />
      </ActionIcon>
      {!failed && (
        <Progress
          className={classes.bar}
          value={percent}
          size="sm"
          aria-label={t('files.progress', { name: file.name })}
        />
      )}
    </li>
  )
}

import { Button, Loader } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LockIcon, RefreshIcon, UnplugIcon } from '@/components/icons'
import { EmptyState } from '@/components/states'
import { refused, useEditor } from './queries'
import classes from './workflows.module.css'

/** The editor in a frame, once it answers. */
export function Editor({ address }: { address: string }) {
  const editor = useEditor()
  if (editor.isSuccess) return <Frame key={address} address={address} />
  if (!editor.isError) return <Opening />
  return <Away error={editor.error} onRetry={() => void editor.refetch()} />
}

function Frame({ address }: { address: string }) {
  const { t } = useTranslation()
  const [loaded, setLoaded] = useState(false)
  return (
    <div className={classes.frame}>
      {!loaded && <Opening />}
      <iframe
        title={t('workflows.frame')}
        src={address}
        onLoad={() => setLoaded(true)}
        data-loaded={loaded || undefined}
      />
    </div>
  )
}

function Opening() {
  const { t } = useTranslation()
  return (
    <div className={classes.opening} role="status">
      <Loader size="sm" />
      {t('workflows.opening')}
    </div>
  )
}

function Away({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const { t } = useTranslation()
  const closed = refused(error)
  return (
    <EmptyState
      icon={closed ? LockIcon : UnplugIcon}
      tone="danger"
      title={closed ? t('workflows.refused') : t('workflows.away')}
      hint={closed ? t('workflows.refusedHint') : t('workflows.awayHint')}
    >
      <Button variant="default" leftSection={<RefreshIcon />} onClick={onRetry}>
        {t('common.retry')}
      </Button>
    </EmptyState>
  )
}

import { Button, Loader, useComputedColorScheme } from '@mantine/core'
import { type RefObject, useEffect, useRef, useState } from 'react'
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
  const frame = useRef<HTMLIFrameElement>(null)
  useSameScheme(frame)
  return (
    <div className={classes.frame}>
      {!loaded && <Opening />}
      <iframe
        ref={frame}
        title={t('workflows.frame')}
        src={address}
        onLoad={() => setLoaded(true)}
        data-loaded={loaded || undefined}
      />
    </div>
  )
}

/** Tells the editor whether the app is light or dark, at once, with each change, and when it asks after it has loaded. */
function useSameScheme(frame: RefObject<HTMLIFrameElement | null>) {
  const scheme = useComputedColorScheme('light')
  useEffect(() => {
    const tell = () =>
      frame.current?.contentWindow?.postMessage(
        { type: 'set-theme', payload: { theme: scheme } },
        window.location.origin,
      )
    const answerTo = ({ source, data }: MessageEvent) => {
      if (source === frame.current?.contentWindow && data?.type === 'request-theme') tell()
    }
    tell()
    window.addEventListener('message', answerTo)
    return () => window.removeEventListener('message', answerTo)
  }, [frame, scheme])
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

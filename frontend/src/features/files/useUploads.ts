/** The files that are being sent: one after the other, so that each one gets the whole line. */
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef, useState } from 'react'
import { keys } from '@/api/keys'
import { uuid } from '@/lib/random'
import { sendFile } from './send'

export interface Upload {
  id: string
  file: File
  sent: number
  /** Why it failed; the others go on. */
  error?: unknown
}

interface Uploads {
  uploads: Upload[]
  add: (files: File[]) => void
  /** Stops an upload, or forgets one that failed. */
  drop: (id: string) => void
}

export function useUploads(onDone: (name: string) => void): Uploads {
  const [uploads, setUploads] = useState<Upload[]>([])
  const [busy, setBusy] = useState(false)
  const queryClient = useQueryClient()
  const current = useRef<{ id: string; stop: () => void } | undefined>(undefined)
  const change = useCallback(
    (id: string, now: Partial<Upload>) =>
      setUploads((all) => all.map((upload) => (upload.id === id ? { ...upload, ...now } : upload))),
    [],
  )
  const forget = useCallback((id: string) => setUploads((all) => all.filter((one) => one.id !== id)), [])
  const next = uploads.find(({ error }) => error === undefined)

  useEffect(() => {
    if (!next || busy) return
    setBusy(true)
    const { id, file } = next
    const { done, stop } = sendFile(file, (sent) => change(id, { sent }))
    current.current = { id, stop }
    done
      .then(() => {
        onDone(file.name)
        forget(id)
        void queryClient.invalidateQueries({ queryKey: keys.files })
      })
      .catch((error: unknown) => {
        if (error instanceof DOMException && error.name === 'AbortError') forget(id)
        else change(id, { error })
      })
      .finally(() => {
        current.current = undefined
        setBusy(false)
      })
  }, [next, busy, change, forget, onDone, queryClient])
  useEffect(() => () => current.current?.stop(), [])

  return {
    uploads,
    add: (files) => setUploads((all) => [...all, ...files.map((file) => ({ id: uuid(), file, sent: 0 }))]),
    drop: (id) => (current.current?.id === id ? current.current.stop() : forget(id)),
  }
}

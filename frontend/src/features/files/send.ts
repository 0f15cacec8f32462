/** One file on its way to the API: by XMLHttpRequest, as `fetch` does not tell how far an upload has come. */
import { API } from '@/api/client'
import { ApiError } from '@/api/errors'
import type { StoredFile } from '@/api/types'

interface Sending {
  done: Promise<StoredFile>
  stop: () => void
}

/** Resolves with the file as it was kept; rejects with an `ApiError`, or an `AbortError` after `stop`. */
export function sendFile(file: File, onProgress: (sent: number) => void): Sending {
  const request = new XMLHttpRequest()
  const done = new Promise<StoredFile>((resolve, reject) => {
    request.open('POST', `${API}/files?name=${encodeURIComponent(file.name)}`)
    request.setRequestHeader('Content-Type', 'application/octet-stream')
    request.setRequestHeader('Accept', 'application/json')
    request.upload.onprogress = ({ loaded }) => onProgress(loaded)
    request.onload = () => {
      const body = parsed(request.responseText)
      if (request.status === 201) resolve(body as StoredFile)
      else reject(new ApiError(request.status, body))
    }
    request.onerror = () => reject(new ApiError(0, undefined))
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'))
    request.send(file)
  })
  return { done, stop: () => request.abort() }
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // the proxy answered, not the API
  }
}

/** What one action wrote: a range of the bytes of its result's stream. */
import { useQuery } from '@tanstack/react-query'
import { API } from '@/api/client'
import { ApiError } from '@/api/errors'
import { keys } from '@/api/keys'
import type { Result } from '@/api/types'
import { type ByteRange, decoded, partOf } from '@/lib/bytes'

export type Stream = 'stdout' | 'stderr'

export const MOST_SHOWN = 64 * 1024 // bytes; as lists show of a whole stream

/** Taken from what the page has where that is enough, else asked for. */
export function useStepOutput(executionId: string, result: Result, stream: Stream, whole: ByteRange) {
  const range = { start: whole.start, end: Math.min(whole.end, whole.start + MOST_SHOWN) }
  const here = partOf(stream === 'stdout' ? result.output_text : result.error_text, range)
  const asked = useQuery({
    queryKey: [...keys.execution(executionId), 'part', result.id, stream, range],
    queryFn: ({ signal }) => bytesOf(executionId, result.id, stream, range, signal),
    enabled: here === undefined,
    staleTime: Number.POSITIVE_INFINITY, // what was written never changes
  })
  return { ...asked, text: here ?? asked.data }
}

async function bytesOf(
  executionId: string,
  resultId: string,
  stream: Stream,
  { start, end }: ByteRange,
  signal: AbortSignal,
): Promise<string> {
  const address = `${API}/executions/${executionId}/results/${resultId}/output?stream=${stream}`
  // Last byte inclusive, as HTTP has it.
  const answer = await fetch(address, { signal, headers: { Range: `bytes=${start}-${end - 1}` } })
  if (!answer.ok) throw new ApiError(answer.status, undefined)
  const bytes = new Uint8Array(await answer.arrayBuffer())
  return decoded(answer.status === 206 ? bytes : bytes.subarray(start, end)) // short streams come whole
}

/** Parts of a text by their bytes, as offsets of streams count them. */

const REPLACEMENT = '\ufffd'

export interface ByteRange {
  start: number
  end: number
}

/** The bytes of a range, as text; a character that the range cuts is a replacement character. */
export function decoded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/**
 * The part of a decoded text that lies in a range of its bytes, or undefined where the text can't tell: it is cut
 * before, or a replacement character stands for bytes that nobody knows any more.
 */
export function partOf(text: string, { start, end }: ByteRange): string | undefined {
  const unknown = text.indexOf(REPLACEMENT)
  const bytes = new TextEncoder().encode(unknown === -1 ? text : text.slice(0, unknown))
  return end <= bytes.length ? decoded(bytes.subarray(start, end)) : undefined
}

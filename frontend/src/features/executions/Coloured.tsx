/** Text of a terminal, with its colours. */
import { useMemo } from 'react'
import { ansiPieces, type Piece } from '@/lib/ansi'

export function Coloured({ text }: { text: string }) {
  const pieces = useMemo(() => ansiPieces(text), [text])
  return pieces.map((piece, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a text have no other name, and never change places
    <span key={index} style={styleOf(piece)}>
      {piece.text}
    </span>
  ))
}

function styleOf({ color, bold, dim, underline }: Piece): React.CSSProperties | undefined {
  if (color === undefined && !bold && !dim && !underline) return undefined
  return {
    color: color === undefined ? undefined : `var(--oc-ansi-${color})`,
    fontWeight: bold ? 700 : undefined,
    opacity: dim ? 0.75 : undefined,
    textDecoration: underline ? 'underline' : undefined,
  }
}

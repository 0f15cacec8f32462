/** Terminal output as styled pieces: colours and bold are kept, every other control sequence is dropped. */

export interface Piece {
  text: string
  /** 0-7 as a terminal numbers them: black, red, green, yellow, blue, magenta, cyan, white. */
  color?: number
  bold?: boolean
  dim?: boolean
  underline?: boolean
}

type Style = Omit<Piece, 'text'>

// biome-ignore lint/suspicious/noControlCharactersInRegex: control sequences begin with one
const SEQUENCE = /\u001b(?:\[([0-9;:?]*)([@-~])|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: what is left of them must not reach the page
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g

export function ansiPieces(output: string): Piece[] {
  const pieces: Piece[] = []
  let style: Style = {}
  let from = 0
  for (const match of output.matchAll(SEQUENCE)) {
    push(pieces, output.slice(from, match.index), style)
    if (match[2] === 'm') style = restyled(style, match[1] ?? '')
    from = match.index + match[0].length
  }
  push(pieces, output.slice(from), style)
  return pieces
}

/** The text alone, for the clipboard and for one-line previews. */
export function withoutAnsi(output: string): string {
  return ansiPieces(output)
    .map((piece) => piece.text)
    .join('')
}

export function firstLine(output: string): string {
  const line = withoutAnsi(output.slice(0, 2000))
    .split('\n')
    .find((candidate) => candidate.trim() !== '')
  return line?.trim() ?? ''
}

function push(pieces: Piece[], text: string, style: Style): void {
  const clean = overwritten(text.replaceAll('\r\n', '\n')).replace(CONTROLS, '')
  if (clean) pieces.push({ text: clean, ...style })
}

/** A carriage return begins its line anew, as progress bars do: only what was written last is kept. */
function overwritten(text: string): string {
  if (!text.includes('\r')) return text
  return text
    .split('\n')
    .map((line) => line.replace(/\r+$/, '').split('\r').at(-1) ?? '')
    .join('\n')
}

function restyled(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map((code) => Number(code || 0))
  let next = style
  for (let index = 0; index < codes.length; index += 1) {
    const code = codes[index] ?? 0
    if (code === 38 || code === 48) {
      // 256 colours and true colour: the arguments are passed over, the text keeps the page's colour.
      index += codes[index + 1] === 5 ? 2 : 4
    } else next = withCode(next, code)
  }
  return next
}

function withCode(style: Style, code: number): Style {
  if (code === 0) return {}
  if (code === 1) return { ...style, bold: true }
  if (code === 2) return { ...style, dim: true }
  if (code === 4) return { ...style, underline: true }
  if (code === 22) return { ...style, bold: false, dim: false }
  if (code === 24) return { ...style, underline: false }
  if (code >= 30 && code <= 37) return { ...style, color: code - 30 }
  if (code >= 90 && code <= 97) return { ...style, color: code - 90 }
  if (code === 39) return { ...style, color: undefined }
  return style
}

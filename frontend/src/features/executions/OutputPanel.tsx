/** What a command wrote to one stream, as a terminal would show it. */
import { ActionIcon, Text, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { CopyIconButton } from '@/components/CopyText'
import { DownloadIcon, WrapIcon } from '@/components/icons'
import { ansiPieces, type Piece, withoutAnsi } from '@/lib/ansi'
import { bytes as size, utf8Length } from '@/lib/size'
import classes from './executions.module.css'

interface OutputPanelProps {
  title: string
  /** The name of the target that wrote it. */
  of: string
  text: string
  bytes: number
  truncated: boolean
  /** Where everything that was kept can be had. */
  href: string
  file: string
}

export function OutputPanel({ title, of, text, bytes, truncated, href, file }: OutputPanelProps) {
  const { t } = useTranslation()
  const [wrap, { toggle }] = useDisclosure(true)
  const download = t('executions.downloadOf', { stream: title.toLowerCase(), name: of })
  return (
    <figure className={classes.panel}>
      <figcaption className={classes.panelHead}>
        <strong>{title}</strong>
        <Text span size="xs" c="dimmed" mr="auto">
          {size(bytes)}
        </Text>
        <Tooltip label={t('executions.wrap')}>
          <ActionIcon size="sm" aria-label={t('executions.wrap')} aria-pressed={wrap} onClick={toggle}>
            <WrapIcon size={14} />
          </ActionIcon>
        </Tooltip>
        <CopyIconButton value={withoutAnsi(text)} label={t('executions.copyOutput')} />
        <Tooltip label={download}>
          <ActionIcon component="a" size="sm" href={href} download={file} aria-label={download}>
            <DownloadIcon size={14} />
          </ActionIcon>
        </Tooltip>
      </figcaption>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre className={classes.output} data-wrap={wrap || undefined} tabIndex={0}>
        <Coloured text={text} />
      </pre>
      {truncated && (
        <Text size="xs" c="dimmed" p="xs">
          {t('executions.truncated', { shown: size(utf8Length(text)), total: size(bytes) })}
        </Text>
      )}
    </figure>
  )
}

function Coloured({ text }: { text: string }) {
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

/** What a command wrote to one stream, as a terminal would show it. */
import { ActionIcon, Code, Text, Tooltip } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { CopyIconButton, CopyText } from '@/components/CopyText'
import { DownloadIcon, WrapIcon } from '@/components/icons'
import { withoutAnsi } from '@/lib/ansi'
import { bytes as size, utf8Length } from '@/lib/size'
import { Coloured } from './Coloured'
import classes from './executions.module.css'
import { OutputViewer } from './OutputViewer'
import { type OutputId, useOutputFacts } from './outputQueries'

interface OutputPanelProps {
  output: OutputId
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

export function OutputPanel({ output, title, of, text, bytes, truncated, href, file }: OutputPanelProps) {
  const { t } = useTranslation()
  const [wrap, { toggle }] = useDisclosure(true)
  const facts = useOutputFacts(output).data
  const download = t('executions.downloadOf', { stream: title.toLowerCase(), name: of })
  const long = truncated && facts !== undefined && facts.total_lines > 0
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
        {!truncated && <CopyIconButton value={withoutAnsi(text)} label={t('executions.copyOutput')} />}
        <Tooltip label={download}>
          <ActionIcon component="a" size="sm" href={href} download={file} aria-label={download}>
            <DownloadIcon size={14} />
          </ActionIcon>
        </Tooltip>
      </figcaption>
      {long ? (
        <OutputViewer output={output} totalLines={facts.total_lines} wrap={wrap} label={`${title}, ${of}`} />
      ) : (
        text && (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
          <pre className={classes.output} data-wrap={wrap || undefined} tabIndex={0}>
            <Coloured text={text} />
          </pre>
        )
      )}
      {truncated && !long && !facts?.note && (
        <Text size="xs" c="dimmed" p="xs">
          {t('executions.truncated', { shown: size(utf8Length(text)), total: size(bytes) })}
        </Text>
      )}
      <Facts output={output} wrap={wrap} />
    </figure>
  )
}

/** What is known of the whole: lines, hash, and what of it is not there any more. */
function Facts({ output, wrap }: { output: OutputId; wrap: boolean }) {
  const { t } = useTranslation()
  const facts = useOutputFacts(output).data
  if (!facts) return null
  const { total_lines: lines, kept_bytes, total_bytes, truncated, sha256, tail, note } = facts
  return (
    <>
      {note && (
        <Text size="sm" p="xs" role="note">
          {note}
        </Text>
      )}
      {truncated && (
        <Text size="xs" p="xs" role="note">
          {t('outputs.truncated', { kept: size(kept_bytes), total: size(total_bytes) })}
        </Text>
      )}
      {tail && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
        <pre className={classes.output} data-wrap={wrap || undefined} data-tail tabIndex={0}>
          <Coloured text={tail} />
        </pre>
      )}
      <div className={classes.panelFoot}>
        {lines > 0 && <span>{t('outputs.lines', { count: lines, shown: lines.toLocaleString() })}</span>}
        {sha256 && (
          <CopyText value={sha256}>
            <span title={sha256}>
              <Code>{t('outputs.sha256', { hash: sha256.slice(0, 12) })}</Code>
            </span>
          </CopyText>
        )}
      </div>
    </>
  )
}

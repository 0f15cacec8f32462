/** An instant, relative in the text and exact on hover. */
import { Text, type TextProps, Tooltip } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { duration, elapsed, exact, relative } from '@/lib/time'
import { useNow } from '@/lib/useNow'

interface TimeProps extends TextProps {
  at: string | null | undefined
  never?: string
}

export function Time({ at, never, ...text }: TimeProps) {
  const { t, i18n } = useTranslation()
  const now = useNow(20_000)
  if (!at)
    return (
      <Text span inherit={!text.size} c="dimmed" {...text}>
        {never ?? t('common.never')}
      </Text>
    )
  return (
    <Tooltip label={exact(at, i18n.language)}>
      <Text span inherit={!text.size} {...text}>
        <time dateTime={at}>{relative(at, now, i18n.language)}</time>
      </Text>
    </Tooltip>
  )
}

/** How long something took, or has taken so far; it counts each second while it goes on. */
export function Elapsed({ from, to }: { from: string | null | undefined; to: string | null | undefined }) {
  const now = useNow(to || !from ? 60_000 : 1000)
  return (
    <span style={{ fontVariantNumeric: 'tabular-nums' }}>
      {from ? duration(elapsed(from, to, now)) : '–'}
    </span>
  )
}

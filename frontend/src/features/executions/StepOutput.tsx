import { Skeleton, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Result } from '@/api/types'
import { errorText } from '@/components/errorText'
import { withoutAnsi } from '@/lib/ansi'
import type { ByteRange } from '@/lib/bytes'
import { bytes as size } from '@/lib/size'
import classes from './steering.module.css'
import { MOST_SHOWN, type Stream, useStepOutput } from './stepOutput'

interface StepOutputProps {
  executionId: string
  result: Result
  stream: Stream
  range: ByteRange
}

export function StepOutput(props: StepOutputProps) {
  return props.range.end > props.range.start ? <Written {...props} /> : null
}

/** What one action wrote to one stream; standard output needs no title. */
function Written({ executionId, result, stream, range }: StepOutputProps) {
  const { t } = useTranslation()
  const { text, error } = useStepOutput(executionId, result, stream, range)
  const count = range.end - range.start
  if (error)
    return (
      <Text size="xs" c="red" role="alert">
        {t('executions.stepOutputFailed', { why: errorText(error) })}
      </Text>
    )
  if (text === undefined) return <Skeleton height={18} aria-busy="true" />
  return (
    <figure className={classes.stepOutput}>
      {stream === 'stderr' && (
        <Text component="figcaption" size="xs" c="dimmed">
          {t('executions.stderr')}
        </Text>
      )}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre tabIndex={0}>{withoutAnsi(text)}</pre>
      {count > MOST_SHOWN && (
        <Text size="xs" c="dimmed">
          {t('executions.stepOutputCut', { shown: size(MOST_SHOWN), total: size(count) })}
        </Text>
      )}
    </figure>
  )
}

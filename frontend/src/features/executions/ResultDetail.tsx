/** One result, opened: why it ended as it did, and what the command wrote. */
import { Alert, Code, Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { API } from '@/api/client'
import type { Result } from '@/api/types'
import { WarningIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { Time } from '@/components/Time'
import { isTerminal } from '@/lib/status'
import { fileName } from '@/lib/text'
import { CancelTarget } from './CancelTarget'
import { CompareWith } from './CompareWith'
import { OutputPanel } from './OutputPanel'
import type { StreamName } from './outputQueries'
import { Steps } from './Steps'

interface ResultDetailProps {
  executionId: string
  result: Result
}

export function ResultDetail({ executionId, result }: ResultDetailProps) {
  return (
    <Stack gap="sm" pt="sm">
      <WhyItFailed result={result} />
      <Steps executionId={executionId} result={result} />
      <Outputs executionId={executionId} result={result} />
      <Circumstances executionId={executionId} result={result} />
    </Stack>
  )
}

function WhyItFailed({ result: { error_message, error_code } }: { result: Result }) {
  if (!error_message && !error_code) return null
  return (
    <Alert color="red" icon={<WarningIcon />}>
      <Group gap="xs">
        {error_message}
        {error_code && <Code>{error_code}</Code>}
      </Group>
    </Alert>
  )
}

function Outputs({ executionId, result }: ResultDetailProps) {
  const { t } = useTranslation()
  const { id, target_name, status } = result
  const address = (stream: StreamName) => ({
    output: { executionId, resultId: id, stream },
    href: `${API}/executions/${executionId}/results/${id}/output?stream=${stream}`,
    file: `${fileName(target_name, stream)}.txt`,
  })
  const nothing = result.output_bytes === 0 && result.error_bytes === 0
  if (nothing)
    return (
      <Text size="sm" c="dimmed">
        {isTerminal(status)
          ? t('executions.noOutput')
          : t(status === 'running' ? 'executions.stillRunning' : 'executions.waiting')}
      </Text>
    )
  return (
    <>
      {result.output_bytes > 0 && (
        <OutputPanel
          title={t('executions.stdout')}
          of={target_name}
          text={result.output_text}
          bytes={result.output_bytes}
          truncated={result.output_truncated}
          {...address('stdout')}
        />
      )}
      {result.error_bytes > 0 && (
        <OutputPanel
          title={t('executions.stderr')}
          of={target_name}
          text={result.error_text}
          bytes={result.error_bytes}
          truncated={result.error_truncated}
          {...address('stderr')}
        />
      )}
    </>
  )
}

function Circumstances({ executionId, result }: ResultDetailProps) {
  const { t } = useTranslation()
  return (
    <Group gap="md" fz="xs" c="dimmed">
      {result.started_at && (
        <span>
          {t('executions.started')} <Time at={result.started_at} />
        </span>
      )}
      {result.attempts > 1 && (
        <span>
          {t('executions.attempts')} {result.attempts}
        </span>
      )}
      <TextLink to="/targets/$targetId" params={{ targetId: result.target_id }} size="xs">
        {t('executions.showTarget')}
      </TextLink>
      {isTerminal(result.status) && <CompareWith executionId={executionId} result={result} />}
      <CancelTarget executionId={executionId} result={result} />
    </Group>
  )
}

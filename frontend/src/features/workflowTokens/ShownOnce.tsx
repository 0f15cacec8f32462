/** A token that was just made: to be copied now, since it is never shown again. */
import { Button, Code, Group, Stack, Text, Textarea } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import type { MadeWorkflowToken } from '@/api/types'
import { CheckIcon, CopyIcon, WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'

const LONGEST_TIMER = 2 ** 31 - 1 // ms

interface ShownOnceProps {
  made: MadeWorkflowToken
  onCopied: () => void
  onDone: () => void
}

export function ShownOnce({ made, onCopied, onDone }: ShownOnceProps) {
  const { t } = useTranslation()
  const { copied, copy, error } = useCopy(made.token, onCopied)
  return (
    <Stack gap="md">
      <Notice tone="warning" icon={WarningIcon} title={t('workflowTokens.once')} role="status">
        {t('workflowTokens.onceHint')}
      </Notice>
      <Textarea
        label={t('workflowTokens.token')}
        value={made.token}
        readOnly
        autosize
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', wordBreak: 'break-all' } }}
        onFocus={(event) => event.currentTarget.select()}
        onCopy={onCopied}
        error={error && t('workflowTokens.copyFailed')}
      />
      <Button data-autofocus leftSection={copied ? <CheckIcon /> : <CopyIcon />} onClick={copy}>
        {copied ? t('common.copied') : t('workflowTokens.copyToken')}
      </Button>
      <Stack gap={4}>
        <Text size="sm" fw={550}>
          {t('workflowTokens.tryIt')}
        </Text>
        <Text size="xs" c="dimmed">
          {t('workflowTokens.tryItHint')}
        </Text>
        <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
          {exampleOf(made, window.location.origin)}
        </Code>
      </Stack>
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('workflowTokens.done')}
        </Button>
      </Group>
    </Stack>
  )
}

/** Once copied, it counts as copied for as long as the drawer is open. */
function useCopy(token: string, onCopied: () => void) {
  const { copied, copy, error } = useClipboard({ timeout: LONGEST_TIMER })
  useEffect(() => {
    if (copied) onCopied()
  }, [copied, onCopied])
  return { copied, copy: () => copy(token), error }
}

function exampleOf({ flow_id }: MadeWorkflowToken, origin: string): string {
  const flow = flow_id ? ` -H 'X-OpsConductor-Flow: ${flow_id}'` : ''
  return `curl -H "Authorization: Bearer $TOKEN"${flow} ${origin}/api/workflow/targets`
}

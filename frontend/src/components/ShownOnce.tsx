/** A secret that was just made: to be copied now, since it is never shown again. */
import { Button, Code, Group, Stack, Text, Textarea } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { CheckIcon, CopyIcon, WarningIcon } from './icons'
import { Notice } from './Notice'

const LONGEST_TIMER = 2 ** 31 - 1 // ms

interface ShownOnceProps {
  secret: string
  /** What kind of secret it is, and on the button. */
  label: string
  copyLabel: string
  hint: string
  example: string
  exampleHint: string
  onCopied: () => void
  onDone: () => void
}

export function ShownOnce({ secret, label, copyLabel, hint, onCopied, onDone, ...shown }: ShownOnceProps) {
  const { t } = useTranslation()
  const { copied, copy, error } = useCopy(secret, onCopied)
  return (
    <Stack gap="md">
      <Notice tone="warning" icon={WarningIcon} title={t('shownOnce.title')} role="status">
        {hint}
      </Notice>
      <Textarea
        label={label}
        value={secret}
        readOnly
        autosize
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', wordBreak: 'break-all' } }}
        onFocus={(event) => event.currentTarget.select()}
        onCopy={onCopied}
        error={error && t('shownOnce.copyFailed')}
      />
      <Button data-autofocus leftSection={copied ? <CheckIcon /> : <CopyIcon />} onClick={copy}>
        {copied ? t('common.copied') : copyLabel}
      </Button>
      <Example hint={shown.exampleHint} text={shown.example} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t('shownOnce.done')}
        </Button>
      </Group>
    </Stack>
  )
}

function Example({ hint, text }: { hint: string; text: string }) {
  const { t } = useTranslation()
  return (
    <Stack gap={4}>
      <Text size="sm" fw={550}>
        {t('shownOnce.tryIt')}
      </Text>
      <Text size="xs" c="dimmed">
        {hint}
      </Text>
      <Code block style={{ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>
        {text}
      </Code>
    </Stack>
  )
}

/** Once copied, it counts as copied for as long as it is shown. */
function useCopy(secret: string, onCopied: () => void) {
  const { copied, copy, error } = useClipboard({ timeout: LONGEST_TIMER })
  useEffect(() => {
    if (copied) onCopied()
  }, [copied, onCopied])
  return { copied, copy: () => copy(secret), error }
}

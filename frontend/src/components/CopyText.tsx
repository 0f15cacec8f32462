/** A short value with a button that copies it. */
import { ActionIcon, Group, Tooltip } from '@mantine/core'
import { useClipboard } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { CheckIcon, CopyIcon } from './icons'

export function CopyIconButton({ value, label }: { value: string; label?: string }) {
  const { t } = useTranslation()
  const { copied, copy } = useClipboard({ timeout: 1500 })
  const text = copied ? t('common.copied') : (label ?? t('common.copy'))
  return (
    <Tooltip label={text}>
      <ActionIcon size="sm" aria-label={text} onClick={() => copy(value)}>
        {copied ? <CheckIcon size={14} /> : <CopyIcon size={14} />}
      </ActionIcon>
    </Tooltip>
  )
}

export function CopyText({ value, children }: { value: string; children: React.ReactNode }) {
  return (
    <Group gap={4} wrap="nowrap" miw={0} display="inline-flex">
      {children}
      <CopyIconButton value={value} />
    </Group>
  )
}

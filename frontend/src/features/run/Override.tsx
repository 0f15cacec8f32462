/** Begins something outside of windows, with a reason: for those who may. */
import { Button, Stack, Text, Textarea } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { RunIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'

interface OverrideProps {
  onBegin: (reason: string) => void
  running?: boolean
}

export function Override({ onBegin, running }: OverrideProps) {
  const { t } = useTranslation()
  const may = useCan()('calendars.override')
  const [reason, setReason] = useState('')
  const given = reason.trim()
  if (!may) return <Text size="sm">{t('run.overrideNotYours')}</Text>
  return (
    <Stack gap="xs" align="stretch" w="100%">
      <Textarea
        label={t('run.overrideReason')}
        description={t('run.overrideHint')}
        autosize
        minRows={1}
        maxLength={1000}
        value={reason}
        onChange={(event) => setReason(event.currentTarget.value)}
      />
      <Button
        size="compact-sm"
        variant="default"
        w="fit-content"
        leftSection={<RunIcon size={14} />}
        disabled={!given}
        loading={running}
        onClick={() => onBegin(given)}
      >
        {t('run.override')}
      </Button>
    </Stack>
  )
}

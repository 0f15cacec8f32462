/** Run a command: where on the left, what on the right. */
import {
  Alert,
  Button,
  Group,
  Kbd,
  NumberInput,
  Skeleton,
  Stack,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { getHotkeyHandler } from '@mantine/hooks'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '@/api/errors'
import { errorText } from '@/components/errorText'
import { RunIcon, WarningIcon } from '@/components/icons'
import { Page } from '@/components/Page'
import { useRun } from './queries'
import classes from './run.module.css'
import { type Start, useStart } from './start'
import { TargetChoice } from './TargetChoice'
import { executionOf, LONGEST, MOST_RETRIES, type RunValues } from './values'

export function RunPage() {
  const { t } = useTranslation()
  const { start, error } = useStart()
  return (
    <Page title={t('run.title')}>
      {error && (
        <Alert color="red" icon={<WarningIcon />} title={t('run.againFailed')} mb="md" role="alert">
          {errorText(error)}
        </Alert>
      )}
      {start ? <RunForm start={start} /> : <Skeleton height={320} aria-busy="true" />}
    </Page>
  )
}

type Form = UseFormReturnType<RunValues>
// The fields as the form calls them, and what the API calls them where that differs.
const FIELDS = ['name', 'command', 'timeout', 'retry_count', 'target_ids'] as const

function RunForm({ start }: { start: Start }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const form = useRunForm(start.values)
  const [targetIds, setTargetIds] = useState(start.targetIds)
  const [targetError, setTargetError] = useState<string>()
  const run = useRun()
  const choose = (ids: string[]) => {
    setTargetIds(ids)
    setTargetError(undefined)
  }
  const send = (values: RunValues) =>
    run.mutate(executionOf(values, targetIds), {
      onSuccess: ({ id }) => navigate({ to: '/executions/$executionId', params: { executionId: id } }),
      onError: (error) => {
        const { target_ids, retry_count, ...fields } = fieldErrors(error, FIELDS)
        setTargetError(target_ids)
        form.setErrors({ ...fields, ...(retry_count ? { retries: retry_count } : {}) })
      },
    })
  const submit = () => {
    const { hasErrors } = form.validate()
    if (targetIds.length === 0) setTargetError(t('run.noTargets'))
    else if (!hasErrors) send(form.getValues())
  }
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        submit()
      }}
    >
      <section className={classes.where} aria-label={t('run.where')}>
        <TargetChoice chosen={targetIds} onChoose={choose} error={targetError} />
      </section>
      <section className={classes.what} aria-label={t('run.what')}>
        <Stack gap="md">
          <CommandFields form={form} onSubmit={submit} />
          {run.isError && (
            <Alert color="red" icon={<WarningIcon />} title={t('run.failed')} role="alert">
              {errorText(run.error)}
            </Alert>
          )}
          <Group gap="sm">
            <Button type="submit" leftSection={<RunIcon />} loading={run.isPending}>
              {t('run.start', { count: targetIds.length })}
            </Button>
            <Kbd size="xs" visibleFrom="sm">
              {t('run.keys')}
            </Kbd>
          </Group>
        </Stack>
      </section>
    </form>
  )
}

function useRunForm(initialValues: RunValues): Form {
  const { t } = useTranslation()
  return useForm<RunValues>({
    initialValues,
    validate: {
      command: (command) => (command.trim() ? null : t('common.required')),
      timeout: (seconds) => (seconds > 0 && seconds <= LONGEST ? null : t('run.timeoutRange')),
      retries: (count) =>
        Number.isInteger(count) && count >= 0 && count <= MOST_RETRIES ? null : t('run.retriesRange'),
    },
  })
}

function CommandFields({ form, onSubmit }: { form: Form; onSubmit: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <Textarea
        label={t('run.command')}
        description={t('run.commandHint')}
        required
        autosize
        minRows={5}
        maxRows={20}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        classNames={{ input: classes.command }}
        onKeyDown={getHotkeyHandler([['mod+Enter', onSubmit]])}
        {...form.getInputProps('command')}
      />
      <TextInput
        label={
          <>
            {t('run.name')}{' '}
            <Text span size="xs" c="dimmed">
              {t('common.optional')}
            </Text>
          </>
        }
        description={t('run.nameHint')}
        maxLength={300}
        {...form.getInputProps('name')}
      />
      <Group gap="sm" align="flex-start" grow>
        <NumberInput
          label={t('run.timeout')}
          description={t('run.timeoutHint')}
          min={1}
          max={LONGEST}
          allowNegative={false}
          {...form.getInputProps('timeout')}
        />
        <NumberInput
          label={t('run.retries')}
          description={t('run.retriesHint')}
          min={0}
          max={MOST_RETRIES}
          allowDecimal={false}
          allowNegative={false}
          {...form.getInputProps('retries')}
        />
      </Group>
    </>
  )
}

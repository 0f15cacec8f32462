/** Run something: where on the left, what on the right. */
import { Alert, Button, Group, Kbd, Skeleton, Stack, Text, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Execution, NewExecution, Preview } from '@/api/types'
import { errorText } from '@/components/errorText'
import { RunIcon, WarningIcon } from '@/components/icons'
import { Page } from '@/components/Page'
import { Actions } from './Actions'
import type { Form } from './form'
import { Options } from './Options'
import { PreviewDrawer } from './PreviewDrawer'
import { problemsOf, told } from './problems'
import { usePreview, useRun } from './queries'
import { RunError } from './RunError'
import classes from './run.module.css'
import { Values } from './StoredScripts'
import { type Start, useStart } from './start'
import { TargetChoice } from './TargetChoice'
import { executionOf, type RunValues } from './values'

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

function RunForm({ start }: { start: Start }) {
  const { t } = useTranslation()
  const form = useForm<RunValues>({ initialValues: start.values, validate: problemsOf })
  const [targetIds, setTargetIds] = useState(start.targetIds)
  const [targetError, setTargetError] = useState<string>()
  const refuse = (error: unknown) => {
    const { target_ids, ...fields } = told(error, form.getValues())
    setTargetError(target_ids)
    form.setErrors(fields)
  }
  const { run, preview, looked, look, start: begin, close } = useSending(refuse)
  const choose = (ids: string[]) => {
    setTargetIds(ids)
    setTargetError(undefined)
  }
  const whenRight = (send: (wanted: NewExecution) => void) => () => {
    const { hasErrors } = form.validate()
    if (targetIds.length === 0) setTargetError(t('run.noTargets'))
    else if (!hasErrors) send(executionOf(form.getValues(), targetIds))
  }
  const submit = whenRight(begin)
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
          <Actions form={form} onSubmit={submit} />
          <Values form={form} />
          <NameField form={form} />
          <Options form={form} />
        </Stack>
        <div className={classes.foot}>
          {!looked && (
            <RunError
              error={run.error}
              title={t('run.failed')}
              onOverride={(reason) =>
                whenRight((wanted) => begin({ ...wanted, window_override: { reason } }))()
              }
              running={run.isPending}
            />
          )}
          {!looked && <RunError error={preview.error} title={t('run.previewFailed')} />}
          <Group gap="sm">
            <Button type="submit" leftSection={<RunIcon />} loading={run.isPending}>
              {t('run.start', { count: targetIds.length })}
            </Button>
            <Button variant="default" loading={preview.isPending} onClick={whenRight(look)}>
              {t('run.preview')}
            </Button>
            <Kbd size="xs" visibleFrom="sm">
              {t('run.keys')}
            </Kbd>
          </Group>
        </div>
      </section>
      {looked && (
        <PreviewDrawer
          wanted={looked.wanted}
          preview={looked.preview}
          error={run.error}
          running={run.isPending}
          looking={preview.isPending}
          onRun={(window_override) =>
            begin({ ...looked.wanted, preview_sha256: looked.preview.sha256, window_override })
          }
          onLookAgain={() => look(looked.wanted)}
          onClose={close}
        />
      )}
    </form>
  )
}

interface Looked {
  wanted: NewExecution
  preview: Preview
}

/** Looks at what a request would do, and starts it; `refuse` is told what the API says of its fields. */
function useSending(refuse: (error: unknown) => void) {
  const navigate = useNavigate()
  const run = useRun()
  const preview = usePreview()
  const [looked, setLooked] = useState<Looked>()
  const show = ({ id }: Execution) =>
    navigate({ to: '/executions/$executionId', params: { executionId: id } })
  const start = (wanted: NewExecution) => run.mutate(wanted, { onSuccess: show, onError: refuse })
  const look = (wanted: NewExecution) => {
    run.reset()
    preview.mutate(wanted, {
      onSuccess: (shown) => setLooked({ wanted, preview: shown }),
      onError: refuse,
    })
  }
  return { run, preview, looked, look, start, close: () => setLooked(undefined) }
}

function NameField({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
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
  )
}

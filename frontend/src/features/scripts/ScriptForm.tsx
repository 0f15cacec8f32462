/** The form for a new script and for changing one. */
import {
  Alert,
  Autocomplete,
  Button,
  Group,
  MultiSelect,
  NumberInput,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { isApiError } from '@/api/errors'
import type { NewScript, SavedScript, Script } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { WarningIcon } from '@/components/icons'
import { oses } from '@/features/targets/filter'
import { bytes, utf8Length } from '@/lib/size'
import { CodeField } from './CodeField'
import { type Draft, definitionOf, draftOf, draftProblem, placeOf } from './drafts'
import { LeaveQuestion } from './LeaveQuestion'
import { ParametersEditor } from './ParametersEditor'
import { scriptQuery, useSaveScript } from './queries'
import classes from './scripts.module.css'

export type ScriptValues = Omit<Required<NewScript>, 'parameters'> & { parameters: Draft[] }
type Form = UseFormReturnType<ScriptValues>

const LARGEST = 256 * 1024 // bytes
const LONGEST = 86_400 // s
const INTERPRETERS = ['sh', 'bash', 'python3']
const INTERPRETER = /^(sh|bash|python3|(\/[A-Za-z0-9._+-]+)+)$/

interface ScriptFormProps {
  /** What is changed; without it a script is added. */
  script?: Script
  /** Given once a newer version is there; the form follows it as long as nothing was written. */
  onOvertaken?: () => void
  /** What a new script begins with. */
  start?: NewScript
  onDone: (script: SavedScript) => void
  onCancel: () => void
  onDiscard?: () => void
}

export function ScriptForm({ script, onOvertaken, start, onDone, onCancel, onDiscard }: ScriptFormProps) {
  const { t } = useTranslation()
  const form = useScriptForm(script ?? start)
  const save = useSaveScript(script?.id)
  const [basedOn, setBasedOn] = useState(script?.version)
  const untouched = !form.isDirty()
  useEffect(() => {
    if (untouched) onOvertaken?.()
  }, [untouched, onOvertaken])
  const send = (values: ScriptValues, base: number | undefined) =>
    save.mutate(
      { ...toSave(values), basedOn: base },
      {
        onSuccess: (saved) => {
          form.resetDirty()
          onDone(saved)
        },
        onError: (error) => {
          if (isApiError(error, 'script_changed_meanwhile')) return
          form.setErrors(errorsOf(error))
          tellFailed(t('scripts.saveFailed'), error)
        },
      },
    )
  return (
    <form onSubmit={form.onSubmit((values) => send(values, basedOn))} noValidate>
      <LeaveQuestion unsaved={form.isDirty() && !save.isSuccess} />
      <div className={classes.columns}>
        <div>
          <Words form={form} />
          <CodeField
            label={t('scripts.content')}
            description={t('scripts.contentHint')}
            value={form.values.content}
            onChange={(event) => form.setFieldValue('content', event.currentTarget.value)}
            error={form.errors.content}
          />
          <ParametersEditor form={form} />
        </div>
        <Stack gap="md" className={classes.side}>
          <Facts form={form} />
          {script && isApiError(save.error, 'script_changed_meanwhile') && (
            <Stale
              script={script}
              said={save.error.message}
              onDiscard={onDiscard}
              onKeep={(version) => {
                setBasedOn(version)
                send(form.getValues(), version)
              }}
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onCancel}>
              {t('common.cancel')}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {script ? t('common.save') : t('scripts.add')}
            </Button>
          </Group>
        </Stack>
      </div>
    </form>
  )
}

function useScriptForm(start: NewScript | undefined): Form {
  const { t } = useTranslation()
  const needed = (value: string) => (value.trim() ? null : t('common.required'))
  return useForm<ScriptValues>({
    initialValues: valuesOf(start),
    validate: {
      name: needed,
      interpreter: (value) => (INTERPRETER.test(value.trim()) ? null : t('scripts.interpreterForm')),
      content: (value) => {
        if (!value.trim()) return t('scripts.empty_content')
        return utf8Length(value) > LARGEST ? t('scripts.tooLong', { limit: bytes(LARGEST) }) : null
      },
      timeout: (seconds) =>
        Number.isInteger(seconds) && seconds >= 1 && seconds <= LONGEST ? null : t('scripts.timeoutRange'),
      parameters: {
        name: (_, { parameters }, path) => {
          const draft = parameters[Number(path.split('.')[1])]
          const problem = draft && draftProblem(draft, parameters)
          if (problem === 'name') return t('parameters.nameForm')
          return problem === 'twice' ? t('parameters.twice') : null
        },
        choices: (choices, { parameters }, path) =>
          parameters[Number(path.split('.')[1])]?.type === 'choice' && choices.length === 0
            ? t('parameters.choicesNeeded')
            : null,
      },
    },
  })
}

function valuesOf(start: NewScript | undefined): ScriptValues {
  return {
    name: start?.name ?? '',
    description: start?.description ?? '',
    interpreter: start?.interpreter ?? 'sh',
    content: start?.content ?? '',
    parameters: (start?.parameters ?? []).map(draftOf),
    os_types: start?.os_types ?? ['linux'],
    tags: start?.tags ?? [],
    timeout: start?.timeout ?? 300,
    message: '',
  }
}

function toSave({ parameters, ...values }: ScriptValues) {
  return {
    ...values,
    name: values.name.trim(),
    interpreter: values.interpreter.trim(),
    parameters: parameters.map(definitionOf),
  }
}

function errorsOf(error: Error): Record<string, string> {
  if (isApiError(error, 'script_name_taken')) return { name: error.message }
  if (!isApiError(error)) return {}
  return Object.fromEntries(error.fields.map(({ field, message }) => [placeOf(field), message]))
}

function Words({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <Stack gap="md">
      <TextInput
        label={t('scripts.name')}
        description={t('scripts.nameHint')}
        required
        maxLength={200}
        {...form.getInputProps('name')}
      />
      <Textarea
        label={t('scripts.description')}
        autosize
        minRows={2}
        maxLength={1000}
        {...form.getInputProps('description')}
      />
    </Stack>
  )
}

function Facts({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <>
      <Autocomplete
        label={t('scripts.interpreter')}
        description={t('scripts.interpreterHint')}
        required
        data={INTERPRETERS}
        filter={({ options }) => options} // all three, whatever is there already
        autoCapitalize="none"
        spellCheck={false}
        {...form.getInputProps('interpreter')}
      />
      <MultiSelect
        label={t('scripts.systems')}
        data={oses.map((os) => ({ value: os, label: t(`targets.oses.${os}`) }))}
        {...form.getInputProps('os_types')}
      />
      <TagsInput
        label={t('scripts.tags')}
        description={t('scripts.tagsHint')}
        {...form.getInputProps('tags')}
      />
      <NumberInput
        label={t('scripts.timeout')}
        description={t('scripts.timeoutHint')}
        min={1}
        max={LONGEST}
        allowDecimal={false}
        allowNegative={false}
        {...form.getInputProps('timeout')}
      />
      <TextInput
        label={
          <>
            {t('scripts.message')}{' '}
            <Text span size="xs" c="dimmed">
              {t('common.optional')}
            </Text>
          </>
        }
        description={t('scripts.messageHint')}
        maxLength={500}
        {...form.getInputProps('message')}
      />
    </>
  )
}

interface StaleProps {
  script: Script
  said: string
  onKeep: (version: number) => void
  onDiscard?: () => void
}

/** Two people changed the same version: neither text is lost without being asked. */
function Stale({ script, said, onKeep, onDiscard }: StaleProps) {
  const { t } = useTranslation()
  const queryClient = useQueryClient()
  const keep = async () => {
    try {
      onKeep((await queryClient.fetchQuery({ ...scriptQuery(script.id), staleTime: 0 })).version)
    } catch (error) {
      tellFailed(t('scripts.saveFailed'), error)
    }
  }
  return (
    <Alert color="orange" icon={<WarningIcon />} title={t('scripts.stale')} role="alert">
      <Stack gap="xs" align="flex-start">
        <Text size="sm">{said}</Text>
        <Text size="sm">{t('scripts.staleHint')}</Text>
        <Button variant="default" size="xs" onClick={() => void keep()}>
          {t('scripts.staleKeep')}
        </Button>
        {onDiscard && (
          <Button variant="default" size="xs" onClick={onDiscard}>
            {t('scripts.staleDiscard')}
          </Button>
        )}
      </Stack>
    </Alert>
  )
}

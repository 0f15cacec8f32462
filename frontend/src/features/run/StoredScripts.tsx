/** Scripts that are kept here, in a run: which one, and what they ask for. */
import { SegmentedControl } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { rowsOf } from '@/api/paging'
import type { ParameterDefinition } from '@/api/types'
import { Picker } from '@/components/Picker'
import { ParameterFields } from '@/features/scripts/ParameterFields'
import { scriptQuery, useOneScript, useScriptList } from '@/features/scripts/queries'
import { startValues } from '@/features/scripts/values'
import type { ActionProps, Form } from './form'

export function StoredOrText({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <SegmentedControl
      aria-label={t('actions.content')}
      size="xs"
      data={(['text', 'stored'] as const).map((value) => ({ value, label: t(`run.scripts.${value}`) }))}
      value={form.values.actions[index]?.stored ? 'stored' : 'text'}
      onChange={(value) => form.setFieldValue(`actions.${index}.stored`, value === 'stored')}
    />
  )
}

/** Picks a script. */
export function ScriptPicker({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <Picker
      label={t('actions.script_id')}
      description={t('run.scriptHint')}
      placeholder={t('run.scriptNone')}
      nothingFoundMessage={t('run.scriptNotFound')}
      useFound={useScripts}
      useOne={useOneScript}
      {...form.getInputProps(`actions.${index}.script_id`)}
      required
    />
  )
}

function useScripts(text: string) {
  return rowsOf(useScriptList(text ? { q: text } : {}).data) ?? []
}

/** The values that the scripts of this run, and those of an earlier one, ask for. */
export function Values({ form }: { form: Form }) {
  const { actions, parameters, values } = form.values
  const ids = actions.flatMap(({ type, stored, script_id }) =>
    type === 'script' && stored && script_id ? [script_id] : [],
  )
  const scripts = useQueries({ queries: [...new Set(ids)].map(scriptQuery) })
  const definitions = unique([...parameters, ...scripts.flatMap(({ data }) => data?.parameters ?? [])])
  if (definitions.length === 0) return null
  const shown = { ...startValues(definitions), ...values }
  const errors = Object.fromEntries(
    definitions.map(({ name }) => [name, form.errors[`values.${name}`]?.toString()]),
  )
  return (
    <ParameterFields
      definitions={definitions}
      values={shown}
      onChange={(name, value) => {
        form.setFieldValue('values', { ...form.getValues().values, [name]: value })
        form.clearFieldError(`values.${name}`)
      }}
      errors={errors}
    />
  )
}

function unique(definitions: ParameterDefinition[]): ParameterDefinition[] {
  return [...new Map(definitions.map((each) => [each.name, each])).values()]
}

/** The form of a script's parameters: one input for each, by its type. Whoever shows it holds the values. */
import { NumberInput, PasswordInput, Select, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { rowsOf } from '@/api/paging'
import type { ParameterDefinition } from '@/api/types'
import { Picker } from '@/components/Picker'
import { useOneFile, useUploads } from '@/features/files/queries'
import { targetQuery, useTargetList } from '@/features/targets/queries'
import type { ParameterValue, ParameterValues, ValueProblem } from './values'

interface ParameterFieldsProps {
  definitions: readonly ParameterDefinition[]
  values: ParameterValues
  onChange: (name: string, value: ParameterValue) => void
  /** By parameter: what the server said, or what `useValueProblems` says before. */
  errors?: Record<string, string | undefined>
}

export function ParameterFields({ definitions, values, onChange, errors = {} }: ParameterFieldsProps) {
  return (
    <Stack gap="md">
      {definitions.map((definition) => (
        <ParameterField
          key={definition.name}
          definition={definition}
          value={values[definition.name] ?? null}
          onChange={(value) => onChange(definition.name, value)}
          error={errors[definition.name]}
        />
      ))}
    </Stack>
  )
}

/** Returns the sentences for problems with values. */
export function useValueProblems(): (problems: Record<string, ValueProblem>) => Record<string, string> {
  const { t } = useTranslation()
  return (problems) =>
    Object.fromEntries(
      Object.entries(problems).map(([name, { problem, limit }]) => [
        name,
        t(`parameters.problems.${problem}`, { limit }),
      ]),
    )
}

interface FieldProps<Definition = ParameterDefinition> {
  definition: Definition
  value: ParameterValue
  onChange: (value: ParameterValue) => void
  error: string | undefined
}
type Of<Type extends ParameterDefinition['type']> = FieldProps<Extract<ParameterDefinition, { type: Type }>>

function ParameterField({ definition, ...rest }: FieldProps) {
  switch (definition.type) {
    case 'text':
      return <TextField definition={definition} {...rest} />
    case 'number':
      return <NumberField definition={definition} {...rest} />
    case 'choice':
      return <ChoiceField definition={definition} {...rest} />
    case 'boolean':
      return <BooleanField definition={definition} {...rest} />
    case 'secret':
      return <SecretField definition={definition} {...rest} />
    case 'target':
      return <TargetField definition={definition} {...rest} />
    case 'file':
      return <FileField definition={definition} {...rest} />
  }
}

/** What every input of a parameter is given. */
function described({ definition, error }: Pick<FieldProps, 'definition' | 'error'>) {
  const { label, name, help, required } = definition
  return { label: label || name, description: help || undefined, required: required ?? false, error }
}

const PLAIN = { autoCapitalize: 'none', autoComplete: 'off', spellCheck: false } as const

function TextField(props: Of<'text'>) {
  const { definition, value, onChange } = props
  const shown = { ...described(props), ...PLAIN, value: value === null ? '' : String(value) }
  if (definition.multiline)
    return (
      <Textarea
        {...shown}
        autosize
        minRows={3}
        maxRows={12}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  return <TextInput {...shown} onChange={(event) => onChange(event.currentTarget.value)} />
}

function NumberField(props: Of<'number'>) {
  const { definition, value, onChange } = props
  return (
    <NumberInput
      {...described(props)}
      value={typeof value === 'number' ? value : ''}
      onChange={(next) => onChange(next === '' ? null : Number(next))}
      allowDecimal={!definition.integer}
      min={definition.min ?? undefined}
      max={definition.max ?? undefined}
      clampBehavior="none"
    />
  )
}

function ChoiceField(props: Of<'choice'>) {
  const { definition, value, onChange } = props
  return (
    <Select
      {...described(props)}
      data={definition.choices}
      value={value === null ? null : String(value)}
      onChange={onChange}
      clearable={!definition.required}
      searchable={definition.choices.length > 10}
    />
  )
}

/** A switch where there is a default or an answer is needed by itself; otherwise leaving it open is an answer too. */
function BooleanField(props: Of<'boolean'>) {
  const { t } = useTranslation()
  const { definition, value, onChange } = props
  if (typeof definition.default === 'boolean') {
    const { required: _, ...shown } = described(props)
    return (
      <Switch
        {...shown}
        checked={value === true}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    )
  }
  return (
    <Select
      {...described(props)}
      data={[
        { value: 'true', label: t('parameters.yes') },
        { value: 'false', label: t('parameters.no') },
      ]}
      value={value === null ? null : String(value)}
      onChange={(next) => onChange(next === null ? null : next === 'true')}
      clearable={!definition.required}
    />
  )
}

function SecretField(props: Of<'secret'>) {
  const { value, onChange } = props
  return (
    <PasswordInput
      {...described(props)}
      autoComplete="new-password"
      data-1p-ignore
      value={value === null ? '' : String(value)}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}

function TargetField(props: Of<'target'>) {
  const { t } = useTranslation()
  return (
    <Picker
      {...picking(props)}
      placeholder={t('parameters.searchTarget')}
      nothingFoundMessage={t('parameters.noTarget')}
      useFound={useTargetsFound}
      useOne={useOneTarget}
    />
  )
}

function FileField(props: Of<'file'>) {
  const { t } = useTranslation()
  return (
    <Picker
      {...picking(props)}
      placeholder={t('parameters.searchFile')}
      nothingFoundMessage={t('parameters.noFile')}
      useFound={useUploads}
      useOne={useOneFile}
    />
  )
}

function picking(props: Of<'target' | 'file'>) {
  const { definition, value, onChange } = props
  return {
    ...described(props),
    clearable: !definition.required,
    value: value === null ? null : String(value),
    onChange,
  }
}

function useTargetsFound(text: string) {
  return rowsOf(useTargetList(text ? { q: text } : {}).data) ?? []
}

function useOneTarget(id: string | undefined) {
  return useQuery({ ...targetQuery(id ?? ''), enabled: id !== undefined }).data
}

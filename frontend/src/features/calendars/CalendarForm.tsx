/** The form for a new calendar and for changing one. */
import {
  Button,
  Group,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Calendar } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { useTargetFacets } from '@/features/targets/queries'
import { PickedTargets } from './PickedTargets'
import { Week } from './parts'
import { problemsOf, told } from './problems'
import { useAddCalendar, useChangeCalendar } from './queries'
import { type CalendarValues, calendarOf, emptyCalendar, valuesOf, windowOf } from './values'
import { Windows } from './Windows'

export type Form = UseFormReturnType<CalendarValues>

interface CalendarFormProps {
  calendar?: Calendar
  onDone: (calendar: Calendar) => void
  onCancel: () => void
}

export function CalendarForm({ calendar, onDone, onCancel }: CalendarFormProps) {
  const { t } = useTranslation()
  const form = useForm<CalendarValues>({
    initialValues: calendar ? valuesOf(calendar) : emptyCalendar(),
    validate: problemsOf,
  })
  const add = useAddCalendar()
  const change = useChangeCalendar(calendar?.id ?? '')
  const options = {
    onSuccess: onDone,
    onError: (error: Error) => {
      form.setErrors(told(error))
      tellFailed(t('calendars.saveFailed'), error)
    },
  }
  const submit = (values: CalendarValues) =>
    calendar
      ? change.mutate({ based_on: calendar.version, ...calendarOf(values) }, options)
      : add.mutate(calendarOf(values), options)
  const { windows, kind, time_zone } = form.values
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('calendars.name')}
          description={t('calendars.nameHint')}
          required
          data-autofocus
          maxLength={200}
          {...form.getInputProps('name')}
        />
        <Choice form={form} field="kind" choices={KINDS} />
        <TimeZoneField form={form} />
        <Windows form={form} />
        <Week windows={windows.map(windowOf)} kind={kind} zone={time_zone} />
        <ScopeFields form={form} />
        <Choice form={form} field="enforcement" choices={ENFORCEMENTS} />
        {form.values.enforcement === 'block' && <Choice form={form} field="at_end" choices={ENDS} />}
        <Textarea
          label={t('calendars.description')}
          autosize
          minRows={2}
          maxLength={1000}
          {...form.getInputProps('description')}
        />
        <Switch label={t('calendars.enabled')} {...form.getInputProps('enabled', { type: 'checkbox' })} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={add.isPending || change.isPending}>
            {calendar ? t('common.save') : t('calendars.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

const KINDS = {
  label: 'calendars.kind',
  options: [
    ['allow', 'calendars.kinds.allow', 'calendars.kindHints.allow'],
    ['blackout', 'calendars.kinds.blackout', 'calendars.kindHints.blackout'],
  ],
} as const
const ENFORCEMENTS = {
  label: 'calendars.enforcement',
  options: [
    ['block', 'calendars.enforcements.block', 'calendars.enforcementHints.block'],
    ['warn', 'calendars.enforcements.warn', 'calendars.enforcementHints.warn'],
  ],
} as const
const ENDS = {
  label: 'calendars.atEnd',
  options: [
    ['run_on', 'calendars.ends.run_on', 'calendars.endHints.run_on'],
    ['stop', 'calendars.ends.stop', 'calendars.endHints.stop'],
  ],
} as const

interface ChoiceProps {
  form: Form
  field: 'kind' | 'enforcement' | 'at_end'
  choices: typeof KINDS | typeof ENFORCEMENTS | typeof ENDS
}

/** One of two, with what the chosen one means. */
function Choice({ form, field, choices: { label, options } }: ChoiceProps) {
  const { t } = useTranslation()
  const id = useId()
  const value = form.values[field]
  const hint = options.find(([name]) => name === value)?.[2]
  return (
    <div>
      <Text size="sm" fw={500} mb={4} id={id}>
        {t(label)}
      </Text>
      <SegmentedControl
        aria-labelledby={id}
        fullWidth
        value={value}
        onChange={(chosen) => form.setFieldValue(field, chosen as typeof value)}
        data={options.map(([name, word]) => ({ value: name, label: t(word) }))}
      />
      <Text size="xs" c="dimmed" mt={4}>
        {hint && t(hint)}
      </Text>
    </div>
  )
}

function TimeZoneField({ form }: { form: Form }) {
  const { t } = useTranslation()
  const [zones] = useState(() => zonesWith(form.values.time_zone))
  return (
    <Select
      label={t('calendars.timeZone')}
      description={t('calendars.timeZoneHint')}
      required
      searchable
      allowDeselect={false}
      nothingFoundMessage={t('calendars.zoneNotFound')}
      limit={60}
      data={zones}
      {...form.getInputProps('time_zone')}
    />
  )
}

/** Every zone that the browser knows, UTC (which it may leave out), and the present one, which may have an old name. */
function zonesWith(present: string): string[] {
  return [...new Set(['UTC', present, ...Intl.supportedValuesOf('timeZone')])].filter(Boolean)
}

function ScopeFields({ form }: { form: Form }) {
  const { t } = useTranslation()
  const id = useId()
  const facets = useTargetFacets()
  const { scope, target_ids } = form.values
  return (
    <>
      <div>
        <Text size="sm" fw={500} mb={4} id={id}>
          {t('calendars.scope')}
        </Text>
        <SegmentedControl
          aria-labelledby={id}
          fullWidth
          value={scope}
          onChange={(chosen) => form.setFieldValue('scope', chosen as CalendarValues['scope'])}
          data={(['all', 'tags', 'targets'] as const).map((value) => ({
            value,
            label: t(`calendars.scopes.${value}`),
          }))}
        />
      </div>
      {scope === 'tags' && (
        <TagsInput
          label={t('calendars.tags')}
          description={t('calendars.tagsHint')}
          data={Object.keys(facets.data?.tag ?? {})}
          {...form.getInputProps('tags')}
        />
      )}
      {scope === 'targets' && (
        <PickedTargets
          ids={target_ids}
          onChange={(ids) => form.setFieldValue('target_ids', ids)}
          error={form.errors.target_ids}
        />
      )}
    </>
  )
}

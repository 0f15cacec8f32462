/** The windows of a calendar: every week, or once. */
import { ActionIcon, Button, Chip, Group, Input, NumberInput, Stack, Text, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { PlusIcon, TrashIcon } from '@/components/icons'
import type { Form } from './CalendarForm'
import classes from './calendars.module.css'
import { aWindow, WEEKDAYS, type WindowValues } from './values'

export function Windows({ form }: { form: Form }) {
  const { t } = useTranslation()
  const { windows } = form.values
  return (
    <fieldset className={classes.windows}>
      <Text component="legend" size="sm" fw={500} mb={4}>
        {t('calendars.windows')}
      </Text>
      {windows.map((window, index) => (
        <WindowCard key={window.key} form={form} window={window} index={index} />
      ))}
      {form.errors.windows && <Input.Error>{form.errors.windows}</Input.Error>}
      <Group gap="xs">
        <AddWindow form={form} type="weekly" text={t('calendars.addWeekly')} />
        <AddWindow form={form} type="once" text={t('calendars.addOnce')} />
      </Group>
    </fieldset>
  )
}

interface AddWindowProps {
  form: Form
  type: WindowValues['type']
  text: string
}

function AddWindow({ form, type, text }: AddWindowProps) {
  return (
    <Button
      size="compact-sm"
      variant="default"
      leftSection={<PlusIcon size={14} />}
      onClick={() => form.insertListItem('windows', aWindow(type))}
    >
      {text}
    </Button>
  )
}

interface WindowProps {
  form: Form
  window: WindowValues
  index: number
}

function WindowCard({ form, window, index }: WindowProps) {
  const { t } = useTranslation()
  const number = index + 1
  return (
    <section className={classes.window} aria-label={t('calendars.windowNumber', { number })}>
      <div className={classes.windowHead}>
        <Text size="sm" fw={550}>
          {t(`calendars.${window.type}`)}
        </Text>
        <ActionIcon
          aria-label={t('calendars.removeWindow', { number })}
          onClick={() => form.removeListItem('windows', index)}
        >
          <TrashIcon size={16} />
        </ActionIcon>
      </div>
      {window.type === 'weekly' ? (
        <WeeklyFields form={form} window={window} index={index} />
      ) : (
        <OnceFields form={form} index={index} />
      )}
    </section>
  )
}

function WeeklyFields({ form, window, index }: WindowProps) {
  const { t } = useTranslation()
  const at = `windows.${index}` as const
  return (
    <Stack gap="xs">
      <Chip.Group
        multiple
        value={window.weekdays}
        onChange={(days) => form.setFieldValue(`${at}.weekdays`, days)}
      >
        <Group gap={4} role="group" aria-label={t('calendars.weekdays')}>
          {WEEKDAYS.map((day) => (
            <Chip key={day} value={day} size="xs" radius="sm">
              {t(`calendars.days.${day}`)}
            </Chip>
          ))}
        </Group>
      </Chip.Group>
      {form.errors[`${at}.weekdays`] && <Input.Error>{form.errors[`${at}.weekdays`]}</Input.Error>}
      <div className={classes.moments}>
        <TextInput type="time" label={t('calendars.start')} {...form.getInputProps(`${at}.start`)} />
        <NumberInput
          label={t('calendars.hours')}
          min={0}
          max={168}
          allowDecimal={false}
          {...form.getInputProps(`${at}.hours`)}
        />
        <NumberInput
          label={t('calendars.minutes')}
          min={0}
          max={59}
          allowDecimal={false}
          {...form.getInputProps(`${at}.minutes`)}
        />
      </div>
    </Stack>
  )
}

function OnceFields({ form, index }: { form: Form; index: number }) {
  const { t } = useTranslation()
  return (
    <div className={classes.moments}>
      <TextInput
        type="datetime-local"
        label={t('calendars.from')}
        {...form.getInputProps(`windows.${index}.from`)}
      />
      <TextInput
        type="datetime-local"
        label={t('calendars.until')}
        {...form.getInputProps(`windows.${index}.until`)}
      />
    </div>
  )
}

/** From which values on a health check warns or fails, and which services have to run. */
import { NumberInput, TagsInput, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { type CheckName, checkNames } from '@/features/executions/actions'
import type { ActionProps } from './form'
import classes from './run.module.css'

export function HealthFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <>
      <div>
        <div className={classes.limits}>
          <span />
          <Text span size="xs" c="dimmed" aria-hidden>
            {t('run.warning')}
          </Text>
          <Text span size="xs" c="dimmed" aria-hidden>
            {t('run.critical')}
          </Text>
          {checkNames.map((name) => (
            <LimitFields key={name} form={form} index={index} name={name} />
          ))}
        </div>
        <Text size="xs" c="dimmed" mt={4}>
          {t('run.checksHint')}
        </Text>
      </div>
      <TagsInput
        label={t('actions.services')}
        description={t('run.servicesHint')}
        {...form.getInputProps(`actions.${index}.services`)}
      />
    </>
  )
}

function LimitFields({ form, index, name }: ActionProps & { name: CheckName }) {
  const { t } = useTranslation()
  const check = t(`actions.checks.${name}`)
  const error = form.errors[`actions.${index}.checks.${name}`]
  const field = (part: 'warning' | 'critical') => {
    const { onChange, ...input } = form.getInputProps(`actions.${index}.checks.${name}.${part}`)
    return (
      <NumberInput
        size="xs"
        aria-label={t(`run.${part}Of`, { check })}
        hideControls
        allowNegative={false}
        {...input}
        error={Boolean(error)}
        onChange={(value) => {
          onChange(value)
          form.clearFieldError(`actions.${index}.checks.${name}`)
        }}
      />
    )
  }
  return (
    <>
      <Text span size="sm">
        {check}
      </Text>
      {field('warning')}
      {field('critical')}
      {error && (
        <Text size="xs" c="var(--mantine-color-error)" className={classes.limitError} role="alert">
          {error}
        </Text>
      )}
    </>
  )
}

/** The fields of one action, by its kind. */
import { NumberInput, SegmentedControl, Stack, Text, Textarea, TextInput } from '@mantine/core'
import { getHotkeyHandler } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { actionTypes } from '@/features/executions/actions'
import { AdvancedFields } from './AdvancedFields'
import type { ActionProps } from './form'
import { HealthFields } from './HealthFields'
import { Arguments } from './Rows'
import classes from './run.module.css'
import { ScriptPicker, StoredOrText } from './StoredScripts'
import { TransferFields } from './TransferFields'
import { asKind, LONGEST } from './values'

type ActionFieldsProps = ActionProps & { onSubmit: () => void }

export function ActionFields({ form, index, onSubmit }: ActionFieldsProps) {
  const { t } = useTranslation()
  const action = form.values.actions[index]
  if (!action) return null
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t('run.kind')}
        size="xs"
        fullWidth
        data={actionTypes.map((type) => ({ value: type, label: t(`actions.kinds.${type}`) }))}
        value={action.type}
        onChange={(type) => form.replaceListItem('actions', index, asKind(action, type))}
      />
      {action.type === 'command' && <CommandField form={form} index={index} onSubmit={onSubmit} />}
      {action.type === 'script' && <ScriptFields form={form} index={index} onSubmit={onSubmit} />}
      {action.type === 'file_transfer' && <TransferFields form={form} index={index} />}
      {action.type === 'wait' && <WaitFields form={form} index={index} />}
      {action.type === 'health_check' && <HealthFields form={form} index={index} />}
      <AdvancedFields form={form} index={index} action={action} />
    </Stack>
  )
}

const CODE = {
  required: true,
  autosize: true,
  maxRows: 20,
  spellCheck: false,
  autoCapitalize: 'none',
  autoComplete: 'off',
  classNames: { input: classes.code },
} as const

function CommandField({ form, index, onSubmit }: ActionFieldsProps) {
  const { t } = useTranslation()
  return (
    <Textarea
      label={t('actions.command')}
      description={t('run.commandHint')}
      minRows={form.values.actions.length > 1 ? 2 : 5}
      onKeyDown={getHotkeyHandler([['mod+Enter', onSubmit]])}
      {...CODE}
      {...form.getInputProps(`actions.${index}.command`)}
    />
  )
}

function ScriptFields({ form, index, onSubmit }: ActionFieldsProps) {
  const { t } = useTranslation()
  const stored = form.values.actions[index]?.stored
  return (
    <>
      <StoredOrText form={form} index={index} />
      {stored ? (
        <ScriptPicker form={form} index={index} />
      ) : (
        <Textarea
          label={t('actions.content')}
          description={t('run.contentHint')}
          minRows={6}
          onKeyDown={getHotkeyHandler([['mod+Enter', onSubmit]])}
          {...CODE}
          {...form.getInputProps(`actions.${index}.content`)}
        />
      )}
      <TextInput
        label={t('actions.interpreter')}
        description={t('run.interpreterHint')}
        spellCheck={false}
        autoCapitalize="none"
        autoComplete="off"
        {...form.getInputProps(`actions.${index}.interpreter`)}
      />
      <Arguments form={form} index={index} />
    </>
  )
}

function WaitFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  const reachable = form.values.actions[index]?.wait_for === 'reachable'
  return (
    <>
      <SegmentedControl
        aria-label={t('actions.wait_for')}
        data={(['seconds', 'reachable'] as const).map((what) => ({
          value: what,
          label: t(`run.waits.${what}`),
        }))}
        {...form.getInputProps(`actions.${index}.wait_for`)}
      />
      {reachable ? (
        <>
          <Text size="xs" c="dimmed">
            {t('run.reachableHint')}
          </Text>
          <NumberInput
            label={t('actions.timeout')}
            description={t('run.timeoutHint')}
            min={1}
            max={LONGEST}
            allowNegative={false}
            {...form.getInputProps(`actions.${index}.timeout`)}
          />
        </>
      ) : (
        <NumberInput
          label={t('actions.seconds')}
          description={t('run.secondsHint')}
          min={0}
          max={LONGEST - 1}
          allowNegative={false}
          {...form.getInputProps(`actions.${index}.seconds`)}
        />
      )}
    </>
  )
}

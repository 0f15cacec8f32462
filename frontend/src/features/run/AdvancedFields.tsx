/** What an action seldom needs: folded away, with what was changed told beside. */
import { Group, NumberInput, Stack, Switch, TagsInput, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Fold } from '@/components/Fold'
import { checkNames, settingLabel, settingsOf, shownAction } from '@/features/executions/actions'
import { record } from '@/lib/json'
import { type ActionProps, hasProblem } from './form'
import { Variables } from './Rows'
import { type ActionValues, actionOf, LONGEST, MOST_RETRIES } from './values'

const FIELDS = [
  'name',
  'timeout',
  'retry_count',
  'idempotent',
  'continue_on_failure',
  'expected_exit_codes',
  'working_directory',
  'environment',
  'become_user',
]
// These are seen without opening anything.
const IN_THE_OPEN: string[] = ['interpreter', 'arguments', 'services', ...checkNames]

export function AdvancedFields({ form, index, action }: ActionProps & { action: ActionValues }) {
  const { t } = useTranslation()
  const { type } = action
  const program = type === 'command' || type === 'script'
  const forced = hasProblem({ form, index }, type === 'wait' ? ['name'] : FIELDS)
  return (
    <Fold label={t('run.advanced')} summary={summaryOf(action)} forced={forced}>
      <Stack gap="sm">
        {type !== 'wait' && <AttemptFields form={form} index={index} />}
        <Switch
          label={t('actions.continue_on_failure')}
          description={t('run.continueHint')}
          {...form.getInputProps(`actions.${index}.continue_on_failure`, { type: 'checkbox' })}
        />
        {program && <ProgramFields form={form} index={index} become={action.become} />}
        <TextInput
          label={t('actions.name')}
          description={t('run.nameOfActionHint')}
          maxLength={200}
          {...form.getInputProps(`actions.${index}.name`)}
        />
      </Stack>
    </Fold>
  )
}

/** What was changed, in words. */
function summaryOf(action: ActionValues): string {
  const settings = settingsOf(shownAction(record(actionOf(action)))).filter(
    ([name]) => !IN_THE_OPEN.includes(name) && !(action.type === 'wait' && name === 'timeout'),
  )
  const words = settings.map(([name, value]) =>
    value === true ? settingLabel(name) : `${settingLabel(name)} ${value}`,
  )
  return [action.name.trim(), ...words].filter(Boolean).join(' · ')
}

function AttemptFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <>
      <Group gap="sm" align="flex-start" grow>
        <NumberInput
          label={t('actions.timeout')}
          description={t('run.timeoutHint')}
          min={1}
          max={LONGEST}
          allowNegative={false}
          {...form.getInputProps(`actions.${index}.timeout`)}
        />
        <NumberInput
          label={t('actions.retry_count')}
          description={t('run.retriesHint')}
          min={0}
          max={MOST_RETRIES}
          allowDecimal={false}
          allowNegative={false}
          {...form.getInputProps(`actions.${index}.retry_count`)}
        />
      </Group>
      <Switch
        label={t('actions.idempotent')}
        description={t('run.idempotentHint')}
        {...form.getInputProps(`actions.${index}.idempotent`, { type: 'checkbox' })}
      />
    </>
  )
}

function ProgramFields({ form, index, become }: ActionProps & { become: boolean }) {
  const { t } = useTranslation()
  const at = `actions.${index}` as const
  return (
    <>
      <Switch
        label={t('actions.become_user')}
        description={t('run.becomeHint')}
        {...form.getInputProps(`${at}.become`, { type: 'checkbox' })}
      />
      {become && (
        <TextInput
          aria-label={t('run.user')}
          required
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps(`${at}.become_user`)}
        />
      )}
      <TextInput
        label={t('actions.working_directory')}
        description={t('run.folderHint')}
        autoCapitalize="none"
        autoComplete="off"
        spellCheck={false}
        {...form.getInputProps(`${at}.working_directory`)}
      />
      <Variables form={form} index={index} />
      <TagsInput
        label={t('actions.expected_exit_codes')}
        description={t('run.exitCodesHint')}
        {...form.getInputProps(`${at}.expected_exit_codes`)}
      />
    </>
  )
}

/** How the work goes through the targets: folded away, since most runs need none of it. */
import { NumberInput, Radio, Select, SimpleGrid, Stack, Switch, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Fold } from '@/components/Fold'
import { useStrategyTexts } from '@/features/executions/strategy'
import type { Form } from './form'
import { executionOf, LONGEST, LONGEST_DEADLINE } from './values'

export function Options({ form }: { form: Form }) {
  const { t } = useTranslation()
  const { strategy, mode = 'attached' } = executionOf(form.values, [])
  const texts = useStrategyTexts()(strategy, mode)
  const forced = Object.keys(form.errors).some((path) => path.startsWith('strategy.') || path === 'mode')
  return (
    <Fold
      label={t('run.options')}
      summary={texts.map(([name, value]) => `${name} ${value}`.trim()).join(' · ')}
      forced={forced}
    >
      <Stack gap="sm">
        <BatchFields form={form} />
        <LimitFields form={form} />
        <ModeField form={form} />
      </Stack>
    </Fold>
  )
}

function BatchFields({ form }: { form: Form }) {
  const { t } = useTranslation()
  const amounts = { batch_size: 'batchHint', canary: 'canaryHint', max_failures: 'failuresHint' } as const
  const field = (name: keyof typeof amounts) => (
    <TextInput
      label={t(`strategy.${name}`)}
      description={`${t(`run.${amounts[name]}`)} ${t('run.amountHint')}`}
      inputMode="text"
      autoComplete="off"
      {...form.getInputProps(`strategy.${name}`)}
    />
  )
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
        <NumberInput
          label={t('strategy.parallelism')}
          description={t('run.parallelismHint')}
          min={1}
          max={10_000}
          allowDecimal={false}
          allowNegative={false}
          {...form.getInputProps('strategy.parallelism')}
        />
        {field('max_failures')}
        {field('batch_size')}
        {field('canary')}
      </SimpleGrid>
      <Switch
        label={t('strategy.pause_between_batches')}
        description={t('run.pauseHint')}
        {...form.getInputProps('strategy.pause_between_batches', { type: 'checkbox' })}
      />
    </>
  )
}

function LimitFields({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
      <NumberInput
        label={t('strategy.target_seconds')}
        description={t('run.targetSecondsHint')}
        min={1}
        max={LONGEST}
        allowNegative={false}
        {...form.getInputProps('strategy.target_seconds')}
      />
      <NumberInput
        label={t('strategy.deadline_seconds')}
        description={t('run.deadlineHint')}
        min={1}
        max={LONGEST_DEADLINE}
        allowNegative={false}
        {...form.getInputProps('strategy.deadline_seconds')}
      />
      <Select
        label={t('strategy.order')}
        description={t('run.orderOptionHint')}
        allowDeselect={false}
        data={(['given', 'name', 'random'] as const).map((order) => ({
          value: order,
          label: t(`strategy.orders.${order}`),
        }))}
        {...form.getInputProps('strategy.order')}
      />
      <NumberInput
        label={t('strategy.priority')}
        description={t('run.priorityHint')}
        min={-10}
        max={10}
        allowDecimal={false}
        {...form.getInputProps('strategy.priority')}
      />
    </SimpleGrid>
  )
}

function ModeField({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <Radio.Group label={t('strategy.mode')} {...form.getInputProps('mode')}>
      <Stack gap="xs" mt={6}>
        {(['attached', 'detached'] as const).map((mode) => (
          <Radio
            key={mode}
            value={mode}
            label={t(`strategy.modes.${mode}`)}
            description={t(`run.modeHints.${mode}`)}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

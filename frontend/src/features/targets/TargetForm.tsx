/** The form for a new target and for changing one. */
import {
  Alert,
  Autocomplete,
  Button,
  Checkbox,
  Group,
  NumberInput,
  Radio,
  SegmentedControl,
  Select,
  Stack,
  TagsInput,
  Text,
  Textarea,
  TextInput,
} from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { fieldErrors, isApiError } from '@/api/errors'
import type { Target, TargetChange } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { WarningIcon } from '@/components/icons'
import { LimitField } from '@/components/LimitField'
import { CredentialPicker } from './CredentialPicker'
import { oses, targetStatuses } from './filter'
import { JumpHostPicker } from './JumpHostPicker'
import { useSaveTarget, useTargetFacets } from './queries'

type Optional = 'credential_id' | 'jump_target_id'
export type TargetValues = Required<Omit<TargetChange, Optional | 'max_parallel'>> &
  Record<Optional, string | null> & { max_parallel: number | null }
type Form = UseFormReturnType<TargetValues>

const EMPTY: TargetValues = {
  name: '',
  host: '',
  port: 22,
  os_type: 'linux',
  environment: 'production',
  status: 'active',
  tags: [],
  credential_id: null,
  jump_target_id: null,
  legacy_algorithms: false,
  max_parallel: null,
  host_key_policy: 'pin-on-first-use',
  description: '',
}
const FIELDS = Object.keys(EMPTY) as (keyof TargetValues)[]

interface TargetFormProps {
  target?: Target
  onDone: (target: Target) => void
  onCancel: () => void
}

export function TargetForm({ target, onDone, onCancel }: TargetFormProps) {
  const { t } = useTranslation()
  const form = useTargetForm(target)
  const save = useSaveTarget(target?.id)
  const submit = (values: TargetValues) =>
    save.mutate(changeOf(values), {
      onSuccess: onDone,
      onError: (error) => {
        form.setErrors(
          isApiError(error, 'target_name_taken') ? { name: error.message } : fieldErrors(error, FIELDS),
        )
        tellFailed(t('targets.saveFailed'), error)
      },
    })
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        <AddressFields form={form} />
        <CredentialPicker
          value={form.values.credential_id}
          onChange={(id) => form.setFieldValue('credential_id', id)}
          error={form.errors.credential_id}
        />
        <JumpHostPicker
          value={form.values.jump_target_id}
          onChange={(id) => form.setFieldValue('jump_target_id', id)}
          target={target}
          error={form.errors.jump_target_id}
        />
        <PlaceFields form={form} />
        <LimitField
          value={form.values.max_parallel}
          onChange={(limit) => form.setFieldValue('max_parallel', limit)}
          hint={t('targets.limitHint')}
          error={form.errors.max_parallel}
        />
        <PolicyField form={form} />
        <LegacyField form={form} />
        <Textarea
          label={t('targets.description')}
          autosize
          minRows={2}
          {...form.getInputProps('description')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={save.isPending}>
            {target ? t('common.save') : t('targets.add')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

function useTargetForm(target: Target | undefined): Form {
  const { t } = useTranslation()
  const needed = (value: string) => (value.trim() ? null : t('common.required'))
  return useForm<TargetValues>({
    initialValues: target ? valuesOf(target) : EMPTY,
    validate: {
      name: needed,
      host: needed,
      port: (port) => (Number.isInteger(port) && port >= 1 && port <= 65_535 ? null : t('targets.portRange')),
      environment: (value) => (/^[a-z0-9][a-z0-9._-]*$/.test(value) ? null : t('targets.slug')),
    },
  })
}

function valuesOf(target: Target): TargetValues {
  const known = Object.fromEntries(FIELDS.map((field) => [field, target[field] ?? EMPTY[field]]))
  return known as unknown as TargetValues
}

function changeOf(values: TargetValues): TargetChange {
  return { ...values, name: values.name.trim(), host: values.host.trim() }
}

function AddressFields({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <>
      <TextInput label={t('targets.name')} required data-autofocus {...form.getInputProps('name')} />
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <TextInput
          label={t('targets.host')}
          required
          flex={1}
          autoCapitalize="none"
          autoComplete="off"
          spellCheck={false}
          {...form.getInputProps('host')}
        />
        <NumberInput
          label={t('targets.port')}
          w={96}
          min={1}
          max={65_535}
          allowDecimal={false}
          hideControls
          {...form.getInputProps('port')}
        />
      </Group>
    </>
  )
}

function PlaceFields({ form }: { form: Form }) {
  const { t } = useTranslation()
  const facets = useTargetFacets().data
  return (
    <>
      <div>
        <Text size="sm" fw={500} mb={4} id="target-os">
          {t('targets.os')}
        </Text>
        <SegmentedControl
          aria-labelledby="target-os"
          fullWidth
          data={oses.map((os) => ({ value: os, label: t(`targets.oses.${os}`) }))}
          {...form.getInputProps('os_type')}
        />
      </div>
      <Group gap="sm" align="flex-start" grow>
        <Autocomplete
          label={t('targets.environment')}
          description={t('targets.environmentHint')}
          data={Object.keys(facets?.environment ?? {})}
          {...form.getInputProps('environment')}
        />
        <Select
          label={t('targets.status')}
          description={t(`targets.statusHint.${form.values.status}`)}
          allowDeselect={false}
          data={targetStatuses.map((status) => ({ value: status, label: t(`targets.statuses.${status}`) }))}
          {...form.getInputProps('status')}
        />
      </Group>
      <TagsInput
        label={t('targets.tags')}
        description={t('targets.tagsHint')}
        data={Object.keys(facets?.tag ?? {})}
        {...form.getInputProps('tags')}
      />
    </>
  )
}

function LegacyField({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <Stack gap="xs">
      <Checkbox
        label={t('targets.legacy')}
        description={t('targets.legacyHint')}
        {...form.getInputProps('legacy_algorithms', { type: 'checkbox' })}
      />
      {form.values.legacy_algorithms && (
        <Alert color="yellow" icon={<WarningIcon />} role="status" p="xs">
          {t('targets.legacyWarning')}
        </Alert>
      )}
    </Stack>
  )
}

function PolicyField({ form }: { form: Form }) {
  const { t } = useTranslation()
  return (
    <Radio.Group label={t('targets.hostKeyPolicy')} {...form.getInputProps('host_key_policy')}>
      <Stack gap="xs" mt={6}>
        {(['pin-on-first-use', 'require-approval'] as const).map((policy) => (
          <Radio
            key={policy}
            value={policy}
            label={t(`targets.policies.${policy}`)}
            description={t(`targets.policyHints.${policy}`)}
          />
        ))}
      </Stack>
    </Radio.Group>
  )
}

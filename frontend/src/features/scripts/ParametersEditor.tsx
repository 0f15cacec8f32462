/** What a script asks for: each parameter with its type and what a value of it must be. */
import {
  ActionIcon,
  Button,
  Group,
  NumberInput,
  Select,
  Switch,
  TagsInput,
  Text,
  TextInput,
} from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { ChevronDownIcon, ChevronUpIcon, PlusIcon, TrashIcon } from '@/components/icons'
import { Section } from '@/components/Page'
import { type Draft, newDraft, parameterTypes } from './drafts'
import type { ScriptValues } from './ScriptForm'
import classes from './scripts.module.css'

type Form = UseFormReturnType<ScriptValues>

export function ParametersEditor({ form }: { form: Form }) {
  const { t } = useTranslation()
  const { parameters } = form.values
  return (
    <Section
      title={t('parameters.title')}
      actions={
        <Button
          variant="default"
          size="xs"
          leftSection={<PlusIcon size={14} />}
          onClick={() => form.insertListItem('parameters', newDraft())}
        >
          {t('parameters.add')}
        </Button>
      }
    >
      {parameters.length === 0 && (
        <Text size="sm" c="dimmed">
          {t('parameters.none')} {t('parameters.noneHint')}
        </Text>
      )}
      <ul className={classes.parameters} aria-label={t('parameters.title')}>
        {parameters.map((draft, index) => (
          <ParameterEditor key={draft.key} form={form} draft={draft} index={index} />
        ))}
      </ul>
      {form.errors.parameters && (
        <Text size="sm" c="var(--mantine-color-error)" mt="xs" role="alert">
          {form.errors.parameters}
        </Text>
      )}
    </Section>
  )
}

interface EditorProps {
  form: Form
  draft: Draft
  index: number
}

function ParameterEditor({ form, draft, index }: EditorProps) {
  const { t } = useTranslation()
  const at = (field: keyof Draft) => form.getInputProps(`parameters.${index}.${field}`)
  return (
    <li className={classes.parameter}>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <div className={classes.row} style={{ flex: 1 }}>
          <TextInput
            label={t('parameters.name')}
            required
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.mono }}
            {...at('name')}
          />
          <Select
            label={t('parameters.type')}
            allowDeselect={false}
            data={parameterTypes.map((type) => ({ value: type, label: t(`parameters.types.${type}`) }))}
            {...at('type')}
            onChange={(type) =>
              form.setFieldValue(`parameters.${index}`, { ...draft, type, default: '' } as Draft)
            }
          />
        </div>
        <Places form={form} draft={draft} index={index} />
      </Group>
      <Text size="xs" c="dimmed">
        {t(`parameters.typeHints.${draft.type}`, { name: draft.name || t('parameters.name') })}
      </Text>
      <div className={classes.row}>
        <TextInput
          label={t('parameters.label')}
          description={t('parameters.labelHint')}
          maxLength={100}
          {...at('label')}
        />
        <TextInput label={t('parameters.help')} maxLength={500} {...at('help')} />
      </div>
      <Constraints form={form} draft={draft} index={index} />
      <Switch
        label={t('parameters.required')}
        {...form.getInputProps(`parameters.${index}.required`, { type: 'checkbox' })}
      />
    </li>
  )
}

function Places({ form, draft, index }: EditorProps) {
  const { t } = useTranslation()
  const name = draft.name || t('parameters.unnamed', { number: index + 1 })
  const move = (to: number) => form.reorderListItem('parameters', { from: index, to })
  return (
    <Group gap={2} wrap="nowrap" mt={22}>
      <ActionIcon
        aria-label={t('parameters.up', { name })}
        disabled={index === 0}
        onClick={() => move(index - 1)}
      >
        <ChevronUpIcon />
      </ActionIcon>
      <ActionIcon
        aria-label={t('parameters.down', { name })}
        disabled={index === form.values.parameters.length - 1}
        onClick={() => move(index + 1)}
      >
        <ChevronDownIcon />
      </ActionIcon>
      <ActionIcon
        aria-label={t('parameters.remove', { name })}
        onClick={() => form.removeListItem('parameters', index)}
      >
        <TrashIcon />
      </ActionIcon>
    </Group>
  )
}

function Constraints({ form, draft, index }: EditorProps) {
  const { t } = useTranslation()
  const at = (field: keyof Draft) => form.getInputProps(`parameters.${index}.${field}`)
  const length = { allowDecimal: false, allowNegative: false, hideControls: true }
  switch (draft.type) {
    case 'text':
      return (
        <>
          <div className={classes.row}>
            <TextInput label={t('parameters.default')} {...at('default')} />
            <NumberInput label={t('parameters.minLength')} {...length} {...at('min_length')} />
            <NumberInput label={t('parameters.maxLength')} {...length} {...at('max_length')} />
          </div>
          <TextInput
            label={t('parameters.pattern')}
            description={t('parameters.patternHint')}
            maxLength={200}
            autoCapitalize="none"
            autoComplete="off"
            spellCheck={false}
            classNames={{ input: classes.mono }}
            {...at('pattern')}
          />
          <Switch
            label={t('parameters.multiline')}
            {...form.getInputProps(`parameters.${index}.multiline`, { type: 'checkbox' })}
          />
        </>
      )
    case 'number':
      return (
        <>
          <div className={classes.row}>
            <NumberInput
              label={t('parameters.default')}
              {...at('default')}
              onChange={(value) => form.setFieldValue(`parameters.${index}.default`, String(value))}
            />
            <NumberInput label={t('parameters.min')} {...at('min')} />
            <NumberInput label={t('parameters.max')} {...at('max')} />
          </div>
          <Switch
            label={t('parameters.integer')}
            {...form.getInputProps(`parameters.${index}.integer`, { type: 'checkbox' })}
          />
        </>
      )
    case 'choice':
      return (
        <>
          <TagsInput
            label={t('parameters.choices')}
            description={t('parameters.choicesHint')}
            required
            splitChars={[]}
            {...at('choices')}
          />
          <DefaultChoice {...{ form, draft, index }} data={draft.choices} />
        </>
      )
    case 'boolean':
      return (
        <DefaultChoice
          {...{ form, draft, index }}
          data={[
            { value: 'true', label: t('parameters.yes') },
            { value: 'false', label: t('parameters.no') },
          ]}
        />
      )
    case 'secret':
      return <NumberInput label={t('parameters.minLength')} maw={220} {...length} {...at('min_length')} />
    case 'target':
    case 'file':
      return null
  }
}

function DefaultChoice({
  form,
  draft,
  index,
  data,
}: EditorProps & { data: React.ComponentProps<typeof Select>['data'] }) {
  const { t } = useTranslation()
  return (
    <Select
      label={t('parameters.default')}
      placeholder={t('parameters.noDefault')}
      clearable
      maw={320}
      data={data}
      {...form.getInputProps(`parameters.${index}.default`)}
      value={draft.default || null}
      onChange={(value) => form.setFieldValue(`parameters.${index}.default`, value ?? '')}
    />
  )
}

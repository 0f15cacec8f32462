/** What is sent to the targets, or fetched from them. */
import { SegmentedControl, Stack, Switch, Textarea, TextInput } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { Picker } from '@/components/Picker'
import { useOneFile, useUploads } from '@/features/files/queries'
import type { ActionProps } from './form'
import classes from './run.module.css'

const PLAIN = { spellCheck: false, autoCapitalize: 'none', autoComplete: 'off' } as const

export function TransferFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  const fetches = form.values.actions[index]?.direction === 'download'
  return (
    <Stack gap="sm">
      <SegmentedControl
        aria-label={t('actions.direction')}
        data={(['upload', 'download'] as const).map((value) => ({
          value,
          label: t(`run.directions.${value}`),
        }))}
        {...form.getInputProps(`actions.${index}.direction`)}
      />
      {fetches ? <FetchFields form={form} index={index} /> : <SendFields form={form} index={index} />}
    </Stack>
  )
}

function SendFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  const file = form.values.actions[index]?.source === 'file'
  return (
    <>
      <SegmentedControl
        aria-label={t('actions.source')}
        size="xs"
        data={(['file', 'text'] as const).map((value) => ({ value, label: t(`run.sources.${value}`) }))}
        {...form.getInputProps(`actions.${index}.source`)}
      />
      {file ? (
        <FilePicker form={form} index={index} />
      ) : (
        <Textarea
          label={t('actions.text')}
          autosize
          minRows={4}
          maxRows={20}
          classNames={{ input: classes.code }}
          {...PLAIN}
          {...form.getInputProps(`actions.${index}.text`)}
        />
      )}
      <TextInput
        label={t('actions.destination')}
        description={t('run.destinationHint')}
        required
        {...PLAIN}
        {...form.getInputProps(`actions.${index}.destination`)}
      />
      <TextInput
        label={t('actions.mode')}
        description={t('run.modeHint')}
        {...PLAIN}
        {...form.getInputProps(`actions.${index}.mode`)}
      />
      {file && (
        <Switch
          label={t('actions.unpack')}
          {...form.getInputProps(`actions.${index}.unpack`, { type: 'checkbox' })}
        />
      )}
      <Switch
        label={t('actions.create_directories')}
        {...form.getInputProps(`actions.${index}.create_directories`, { type: 'checkbox' })}
      />
    </>
  )
}

function FetchFields({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <>
      <TextInput
        label={t('actions.path')}
        description={t('run.pathHint')}
        required
        {...PLAIN}
        {...form.getInputProps(`actions.${index}.path`)}
      />
      <Switch
        label={t('actions.recursive')}
        {...form.getInputProps(`actions.${index}.recursive`, { type: 'checkbox' })}
      />
    </>
  )
}

/** Picks one of the files that were uploaded. */
function FilePicker({ form, index }: ActionProps) {
  const { t } = useTranslation()
  return (
    <Picker
      label={t('actions.file_id')}
      description={t('run.fileHint')}
      placeholder={t('run.fileNone')}
      nothingFoundMessage={t('run.fileNotFound')}
      useFound={useUploads}
      useOne={useOneFile}
      {...form.getInputProps(`actions.${index}.file_id`)}
      required
    />
  )
}

/** Lists of short texts that may hold anything, so each has a field of its own: arguments, and variables. */
import { ActionIcon, Button, Input, Stack, Textarea, TextInput } from '@mantine/core'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import { PlusIcon, TrashIcon } from '@/components/icons'
import type { ActionProps } from './form'
import classes from './run.module.css'

const PLAIN = {
  size: 'xs',
  spellCheck: false,
  autoCapitalize: 'none',
  autoComplete: 'off',
  classNames: { input: classes.code },
} as const

export function Arguments({ form, index }: ActionProps) {
  const { t } = useTranslation()
  const path = `actions.${index}.arguments` as const
  return (
    <Rows
      label={t('actions.arguments')}
      hint={t('run.argumentsHint')}
      add={t('run.addArgument')}
      error={form.errors[path]}
      onAdd={() => form.insertListItem(path, '')}
    >
      {form.values.actions[index]?.arguments.map((_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: an argument is its place
        <div key={row} className={classes.row}>
          <Textarea
            autosize
            minRows={1}
            aria-label={t('run.argument', { number: row + 1 })}
            {...PLAIN}
            {...form.getInputProps(`${path}.${row}`)}
          />
          <RemoveRow
            what={t('run.argument', { number: row + 1 })}
            onClick={() => form.removeListItem(path, row)}
          />
        </div>
      ))}
    </Rows>
  )
}

export function Variables({ form, index }: ActionProps) {
  const { t } = useTranslation()
  const path = `actions.${index}.environment` as const
  return (
    <Rows
      label={t('actions.environment')}
      hint={t('run.environmentHint')}
      add={t('run.addVariable')}
      onAdd={() => form.insertListItem(path, { name: '', value: '' })}
    >
      {form.values.actions[index]?.environment.map(({ name }, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a variable without a name yet has only its place
        <div key={row} className={classes.row}>
          <TextInput
            aria-label={t('run.variable', { number: row + 1 })}
            placeholder="NAME"
            {...PLAIN}
            {...form.getInputProps(`${path}.${row}.name`)}
          />
          <Textarea
            autosize
            minRows={1}
            aria-label={t('run.variableValue', { number: row + 1 })}
            {...PLAIN}
            {...form.getInputProps(`${path}.${row}.value`)}
          />
          <RemoveRow
            what={name || t('run.variable', { number: row + 1 })}
            onClick={() => form.removeListItem(path, row)}
          />
        </div>
      ))}
    </Rows>
  )
}

interface RowsProps {
  label: string
  hint: string
  add: string
  error?: React.ReactNode
  onAdd: () => void
  children: React.ReactNode
}

function Rows({ label, hint, add, error, onAdd, children }: RowsProps) {
  const id = useId()
  return (
    <fieldset className={classes.rows} aria-labelledby={id}>
      <Input.Label labelElement="div" id={id}>
        {label}
      </Input.Label>
      <Stack gap={6}>
        {children}
        <Button
          className={classes.add}
          size="compact-xs"
          variant="default"
          leftSection={<PlusIcon size={12} />}
          onClick={onAdd}
        >
          {add}
        </Button>
      </Stack>
      <Input.Description mt={4}>{hint}</Input.Description>
      {error && <Input.Error>{error}</Input.Error>}
    </fieldset>
  )
}

function RemoveRow({ what, onClick }: { what: string; onClick: () => void }) {
  const { t } = useTranslation()
  return (
    <ActionIcon aria-label={t('run.removeRow', { what })} onClick={onClick}>
      <TrashIcon size={14} />
    </ActionIcon>
  )
}

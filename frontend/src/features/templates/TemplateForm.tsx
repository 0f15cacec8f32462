/** The form for what is said about a template. Its nodes come from a deployed flow. */
import { Autocomplete, Button, Group, Stack, Switch, TagsInput, Textarea, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '@/api/errors'
import type { NewTemplate } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { useCategories } from './queries'

export type TemplateValues = Required<Omit<NewTemplate, 'template_data'>>

const FIELDS = ['name', 'description', 'category', 'tags', 'is_public', 'message']

interface TemplateFormProps {
  start: TemplateValues
  submit: string
  /** Whether it is a change, which wants to be told why. */
  change?: boolean
  pending: boolean
  onSubmit: (values: TemplateValues, onError: (error: unknown) => void) => void
  onCancel: () => void
}

export function TemplateForm({ start, submit, change, pending, onSubmit, onCancel }: TemplateFormProps) {
  const { t } = useTranslation()
  const categories = useCategories().data ?? {}
  const needed = (value: string) => (value.trim() ? null : t('common.required'))
  const form = useForm<TemplateValues>({
    initialValues: start,
    validate: { name: needed, category: needed },
  })
  const refused = (error: unknown) => {
    form.setErrors(fieldErrors(error, FIELDS))
    tellFailed(t('templates.saveFailed'), error)
  }
  return (
    <form onSubmit={form.onSubmit((values) => onSubmit(values, refused))} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('templates.name')}
          required
          data-autofocus
          maxLength={255}
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <Textarea
          label={t('templates.description')}
          autosize
          minRows={3}
          maxLength={5000}
          {...form.getInputProps('description')}
        />
        <Autocomplete
          label={t('templates.category')}
          required
          maxLength={100}
          data={Object.keys(categories)}
          {...form.getInputProps('category')}
        />
        <TagsInput
          label={t('templates.tags')}
          description={t('templates.tagsHint')}
          {...form.getInputProps('tags')}
        />
        <Switch
          label={t('templates.publicSwitch')}
          description={t('templates.privateHint')}
          {...form.getInputProps('is_public', { type: 'checkbox' })}
        />
        {change && (
          <TextInput label={t('templates.message')} maxLength={500} {...form.getInputProps('message')} />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={pending}>
            {submit}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

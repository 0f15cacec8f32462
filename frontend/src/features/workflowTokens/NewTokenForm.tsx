/** The form for a new token: what uses it, what it may do, for which flow, and for how long. */
import { Button, Checkbox, Group, Select, Stack, TextInput } from '@mantine/core'
import { type UseFormReturnType, useForm } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { fieldErrors } from '@/api/errors'
import type { NewWorkflowToken, TokenScope } from '@/api/types'
import { tellFailed } from '@/components/feedback'
import { useAccount } from '@/features/auth/session'
import { FlowChoice } from './FlowChoice'
import type { useMakeToken } from './queries'
import { scopeWords, tokenScopes } from './scopes'
import { EMPTY, flowIdOf, isFlowId, lives, OTHER_FLOW, type TokenValues } from './values'

const FIELDS = ['name', 'scopes', 'flow_id', 'expires_in_days']

interface NewTokenFormProps {
  make: ReturnType<typeof useMakeToken>
  onCancel: () => void
}

export function NewTokenForm({ make, onCancel }: NewTokenFormProps) {
  const { t } = useTranslation()
  const form = useTokenForm()
  const submit = (values: TokenValues) =>
    make.mutate(requestOf(values), {
      onError: (error) => {
        form.setErrors(fieldErrors(error, FIELDS))
        tellFailed(t('workflowTokens.makeFailed'), error)
      },
    })
  return (
    <form onSubmit={form.onSubmit(submit)} noValidate>
      <Stack gap="md">
        <TextInput
          label={t('workflowTokens.name')}
          description={t('workflowTokens.nameHint')}
          required
          data-autofocus
          maxLength={100}
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <ScopeChoice form={form} />
        <FlowChoice form={form} />
        <Select
          label={t('workflowTokens.life')}
          allowDeselect={false}
          data={lives.map((count) => ({
            value: String(count),
            label: t('workflowTokens.days', { count }),
          }))}
          {...form.getInputProps('expires_in_days')}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onCancel}>
            {t('common.cancel')}
          </Button>
          <Button type="submit" loading={make.isPending}>
            {t('workflowTokens.make')}
          </Button>
        </Group>
      </Stack>
    </form>
  )
}

/** Offers what the role allows; the server refuses the rest. */
function ScopeChoice({ form }: { form: UseFormReturnType<TokenValues> }) {
  const { t } = useTranslation()
  const permissions = useAccount()?.permissions ?? []
  return (
    <Checkbox.Group
      label={t('workflowTokens.scopes')}
      description={t('workflowTokens.scopesHint')}
      required
      {...form.getInputProps('scopes')}
    >
      <Stack gap="xs" my="xs">
        {tokenScopes
          .filter((scope) => permissions.includes(scope))
          .map((scope) => (
            <Checkbox
              key={scope}
              value={scope}
              label={t(`workflowTokens.scope.${scopeWords[scope]}.name`)}
              description={t(`workflowTokens.scope.${scopeWords[scope]}.hint`)}
            />
          ))}
      </Stack>
    </Checkbox.Group>
  )
}

function useTokenForm() {
  const { t } = useTranslation()
  return useForm<TokenValues>({
    initialValues: EMPTY,
    validate: {
      name: (value) => (value.trim() ? null : t('common.required')),
      scopes: (value) => (value.length > 0 ? null : t('workflowTokens.scopeMissing')),
      flow_id: (value, { flow }) =>
        flow !== OTHER_FLOW || isFlowId(value.trim()) ? null : t('workflowTokens.flowIdWrong'),
    },
  })
}

function requestOf({ name, scopes, expires_in_days, ...rest }: TokenValues): NewWorkflowToken {
  return {
    name: name.trim(),
    scopes: scopes as TokenScope[],
    flow_id: flowIdOf(rest),
    expires_in_days: Number(expires_in_days),
  }
}

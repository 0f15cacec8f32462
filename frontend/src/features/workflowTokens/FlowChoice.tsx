/** Whether a token is good for anything, or for one flow: of the editor here, or of another Node-RED. */
import { Select, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { useTranslation } from 'react-i18next'
import { useAllWorkflows } from '@/features/workflows/queries'
import { ANY_FLOW, deployed, OTHER_FLOW, type TokenValues } from './values'

export function FlowChoice({ form }: { form: UseFormReturnType<TokenValues> }) {
  const { t } = useTranslation()
  const flows = useAllWorkflows().data ?? []
  const items = flows.map(({ flow_id, name }) => ({ value: deployed(flow_id), label: name }))
  const { flow } = form.values
  return (
    <>
      <Select
        label={t('workflowTokens.goodFor')}
        description={flow === ANY_FLOW ? undefined : t('workflowTokens.goodForHint')}
        allowDeselect={false}
        searchable
        data={[
          { value: ANY_FLOW, label: t('workflowTokens.goodForAny') },
          { value: OTHER_FLOW, label: t('workflowTokens.goodForOther') },
          ...(flows.length > 0 ? [{ group: t('workflowTokens.deployed'), items }] : []),
        ]}
        {...form.getInputProps('flow')}
      />
      {flow === OTHER_FLOW && (
        <TextInput
          label={t('workflowTokens.flowId')}
          description={t('workflowTokens.flowIdHint')}
          required
          autoComplete="off"
          {...form.getInputProps('flow_id')}
        />
      )}
    </>
  )
}

/** Picks a credential, or makes one without leaving the form. */
import { Button, Group, Modal, Select } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { PlusIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { CredentialForm } from '@/features/credentials/CredentialForm'
import { useCredentials } from '@/features/credentials/queries'

interface CredentialPickerProps {
  value: string | null
  onChange: (id: string | null) => void
  error?: React.ReactNode
}

export function CredentialPicker({ value, onChange, error }: CredentialPickerProps) {
  const { t } = useTranslation()
  const mayAdd = useCan()('credentials.write')
  const credentials = useCredentials()
  const [adding, { open, close }] = useDisclosure(false)
  return (
    <Group gap="sm" align="flex-end" wrap="nowrap">
      <Select
        flex={1}
        label={t('targets.credential')}
        placeholder={t('targets.credentialNone')}
        searchable
        clearable
        data={(credentials.data ?? []).map(({ id, name, username }) => ({
          value: id,
          label: `${name} (${username})`,
        }))}
        value={value}
        onChange={onChange}
        error={error}
      />
      {mayAdd && (
        <Button
          variant="default"
          leftSection={<PlusIcon size={14} />}
          onClick={open}
          style={{ flexShrink: 0 }}
        >
          {t('targets.credentialNew')}
        </Button>
      )}
      <Modal
        opened={adding}
        onClose={close}
        title={t('credentials.addTitle')}
        closeButtonProps={{ 'aria-label': t('common.close') }}
      >
        <CredentialForm
          onCancel={close}
          onDone={({ id }) => {
            onChange(id)
            close()
          }}
        />
      </Modal>
    </Group>
  )
}

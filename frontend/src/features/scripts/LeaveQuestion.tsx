/** Asks before a page with unsaved text is left, by a link as well as by closing the tab. */
import { Button, Group, Modal, Text } from '@mantine/core'
import { useBlocker } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'

export function LeaveQuestion({ unsaved }: { unsaved: boolean }) {
  const { t } = useTranslation()
  const blocker = useBlocker({
    shouldBlockFn: ({ current, next }) => unsaved && current.pathname !== next.pathname,
    enableBeforeUnload: unsaved,
    withResolver: true,
  })
  const asked = blocker.status === 'blocked'
  return (
    <Modal
      opened={asked}
      onClose={() => blocker.reset?.()}
      title={t('scripts.leaveTitle')}
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <Text size="sm">{t('scripts.leaveText')}</Text>
      <Group justify="flex-end" gap="xs" mt="md">
        <Button variant="default" onClick={() => blocker.reset?.()}>
          {t('scripts.stay')}
        </Button>
        <Button color="red" onClick={() => blocker.proceed?.()}>
          {t('scripts.leave')}
        </Button>
      </Group>
    </Modal>
  )
}

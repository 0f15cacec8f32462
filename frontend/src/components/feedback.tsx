/** Toasts and questions, said the same way everywhere. */
import { Text } from '@mantine/core'
import { modals } from '@mantine/modals'
import { notifications } from '@mantine/notifications'
import i18next from 'i18next'
import { errorText } from './errorText'
import { CheckIcon, WarningIcon } from './icons'

function closeButton() {
  return { 'aria-label': i18next.t('common.close') }
}

export function tellDone(title: string, message?: string): void {
  notifications.show({
    title,
    message: message ?? '',
    color: 'brand',
    icon: <CheckIcon size={14} />,
    autoClose: 4000,
    closeButtonProps: closeButton(),
  })
}

export function tellFailed(title: string, error: unknown): void {
  notifications.show({
    title,
    message: errorText(error),
    color: 'red',
    icon: <WarningIcon size={14} />,
    autoClose: 10_000,
    closeButtonProps: closeButton(),
    role: 'alert',
  })
}

interface Question {
  title: string
  text: React.ReactNode
  confirm: string
  /** The way back, where “Cancel” could be read as the deed itself. */
  refuse?: string
  onConfirm: () => void
}

/** Asks before something that cannot be taken back. */
export function ask({ title, text, confirm, refuse, onConfirm }: Question): void {
  modals.openConfirmModal({
    title,
    children: <Text size="sm">{text}</Text>,
    labels: { confirm, cancel: refuse ?? i18next.t('common.cancel') },
    confirmProps: { color: 'red' },
    closeButtonProps: closeButton(),
    onConfirm,
  })
}

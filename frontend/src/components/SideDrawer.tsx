/** A drawer that is part of the address: it is open while its route is. */
import { Drawer } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useIsPhone } from '@/lib/useIsPhone'

interface SideDrawerProps {
  title: React.ReactNode
  onClose: () => void
  size?: number
  children: React.ReactNode
}

export function SideDrawer({ title, onClose, size = 520, children }: SideDrawerProps) {
  const { t } = useTranslation()
  const phone = useIsPhone()
  return (
    <Drawer
      opened
      onClose={onClose}
      title={title}
      size={phone ? '100%' : size}
      closeButtonProps={{ 'aria-label': t('common.close') }}
      styles={{
        content: { background: 'var(--oc-surface)' },
        header: { background: 'var(--oc-surface)', borderBottom: '1px solid var(--oc-line)' },
        title: { fontWeight: 600, fontSize: 'var(--mantine-font-size-lg)', minWidth: 0, overflowWrap: 'anywhere' },
        body: { paddingTop: 16 },
      }}
    >
      {children}
    </Drawer>
  )
}

/** A drawer that is part of the address: it is open while its route is. */
import { Drawer } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { useIsPhone } from '@/lib/useIsPhone'
import classes from './drawer.module.css'

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
    <Drawer.Root opened onClose={onClose} size={phone ? '100%' : size} position="right">
      <Drawer.Overlay backgroundOpacity={0.35} />
      <Drawer.Content bg="var(--oc-surface)">
        {/* As a plain header it would count as the page's second banner. */}
        <Drawer.Header role="presentation" className={classes.header}>
          <Drawer.Title className={classes.title}>{title}</Drawer.Title>
          <Drawer.CloseButton aria-label={t('common.close')} />
        </Drawer.Header>
        <Drawer.Body pt="md">{children}</Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
  )
}

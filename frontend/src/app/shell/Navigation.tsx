import { ScrollArea, Tooltip, UnstyledButton } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { PanelIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { useUnread } from '@/features/notifications/queries'
import { type Area, type Place, useAreas } from './places'
import classes from './shell.module.css'

const MOST_SHOWN = 99

/** The navigation; as a rail it shows icons alone, whose words come as tooltips and for screen readers. */
export function Navigation({ rail, onToggle }: { rail: boolean; onToggle: () => void }) {
  const { t } = useTranslation()
  const areas = useAreas()
  return (
    <>
      <ScrollArea flex={1} type="auto" scrollbars="y" data-rail={rail || undefined} className={classes.areas}>
        {areas.map((area) => (
          <NavigationArea key={area.name ?? 'first'} area={area} rail={rail} />
        ))}
      </ScrollArea>
      <UnstyledButton
        className={classes.collapse}
        aria-label={rail ? t('nav.expand') : t('nav.collapse')}
        aria-expanded={!rail}
        onClick={onToggle}
        visibleFrom="sm"
      >
        <PanelIcon />
      </UnstyledButton>
    </>
  )
}

function NavigationArea({ area, rail }: { area: Area; rail: boolean }) {
  const { t } = useTranslation()
  const title = area.name && t(`nav.${area.name}`)
  return (
    <div className={classes.area}>
      {title && !rail && <div className={classes.areaName}>{title}</div>}
      <ul className={classes.places}>
        {area.places.map((place) => (
          <li key={place.name}>
            <PlaceLink place={place} rail={rail} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function PlaceLink({ place: { name, to, icon: Shape }, rail }: { place: Place; rail: boolean }) {
  const { t } = useTranslation()
  const unread = useUnreadAt(name)
  const label = unread
    ? `${t(`nav.${name}`)}, ${t('notifications.unread', { count: unread })}`
    : t(`nav.${name}`)
  return (
    <Tooltip label={label} position="right" disabled={!rail}>
      <Link
        to={to}
        className={classes.place}
        aria-label={rail || unread ? label : undefined}
        activeOptions={{ exact: to === '/' || to === '/workflows', includeSearch: false }}
      >
        <Shape size={17} />
        {!rail && t(`nav.${name}`)}
        {unread > 0 && (
          <span className={classes.unread}>{unread > MOST_SHOWN ? `${MOST_SHOWN}+` : unread}</span>
        )}
      </Link>
    </Tooltip>
  )
}

/** How many notifications are unread, at the place that leads to them. */
function useUnreadAt(name: Place['name']): number {
  const here = name === 'notifications'
  return useUnread(useCan()('notifications.read') && here) * Number(here)
}

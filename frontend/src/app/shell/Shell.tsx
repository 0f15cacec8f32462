/** The frame of every page: header, navigation by noun, and the content. */
import { AppShell, Burger, Group, UnstyledButton } from '@mantine/core'
import { useDisclosure, useLocalStorage } from '@mantine/hooks'
import { spotlight } from '@mantine/spotlight'
import { Link, Outlet, useLocation, useMatches } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { Mark, SearchIcon } from '@/components/icons'
import { useCan } from '@/features/auth/session'
import { Forbidden } from '../pages'
import { CommandPalette } from './CommandPalette'
import { Navigation } from './Navigation'
import classes from './shell.module.css'
import { UserMenu } from './UserMenu'

export function Shell() {
  const { t } = useTranslation()
  const [opened, { toggle, close }] = useDisclosure(false)
  const [collapsed, setCollapsed] = useLocalStorage({
    key: 'opsconductor-navigation-collapsed',
    defaultValue: false,
    getInitialValueInEffect: false,
  })
  const { pathname } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: on a phone the navigation closes whenever the page changes
  useEffect(close, [pathname])
  return (
    <AppShell
      header={{ height: 'var(--oc-header-height)' }}
      navbar={{
        width: collapsed ? 'var(--oc-rail-width)' : 'var(--oc-nav-width)',
        breakpoint: 'sm',
        collapsed: { mobile: !opened },
      }}
      transitionDuration={120}
    >
      <a className="skip-link" href="#content">
        {t('common.skipToContent')}
      </a>
      <AppShell.Header className={classes.header}>
        <Group gap="sm" wrap="nowrap">
          <Burger
            opened={opened}
            onClick={toggle}
            hiddenFrom="sm"
            size="sm"
            aria-label={opened ? t('nav.close') : t('nav.open')}
            aria-expanded={opened}
          />
          <Link to="/" className={classes.brand} aria-label={`${t('common.product')}: ${t('nav.overview')}`}>
            <Mark size={24} />
            <span className={classes.word}>{t('common.product')}</span>
          </Link>
        </Group>
        <SearchButton />
        <UserMenu />
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label={t('nav.label')}>
        <Navigation rail={collapsed && !opened} onToggle={() => setCollapsed(!collapsed)} />
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        <Content />
      </AppShell.Main>
      <CommandPalette />
    </AppShell>
  )
}

/** The page, unless the role does not open it. The server decides again at each request. */
function Content() {
  const can = useCan()
  const needed = useMatches({
    select: (matches) => matches.flatMap(({ staticData }) => staticData.permission ?? []),
    structuralSharing: true,
  })
  return needed.every(can) ? <Outlet /> : <Forbidden />
}

function SearchButton() {
  const { t } = useTranslation()
  return (
    <UnstyledButton className={classes.search} aria-keyshortcuts="Control+K Meta+K" onClick={spotlight.open}>
      <SearchIcon size={14} />
      <span className={classes.searchText}>{t('nav.search')}</span>
      <kbd className={classes.key}>{t(isApple() ? 'nav.paletteKeyApple' : 'nav.paletteKey')}</kbd>
    </UnstyledButton>
  )
}

function isApple(): boolean {
  return /mac|iphone|ipad/i.test(navigator.userAgent)
}

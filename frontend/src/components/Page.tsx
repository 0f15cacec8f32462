/** One page: one title, one primary action, and where it stands. */
import { Text, Title } from '@mantine/core'
import { useDocumentTitle } from '@mantine/hooks'
import { useTranslation } from 'react-i18next'
import { ChevronRightIcon } from './icons'
import classes from './page.module.css'

interface PageProps {
  title: string
  /** How many rows the list has, or what else belongs beside the title. */
  beside?: React.ReactNode
  crumb?: React.ReactNode
  actions?: React.ReactNode
  children: React.ReactNode
}

export function Page({ title, beside, crumb, actions, children }: PageProps) {
  const { t } = useTranslation()
  useDocumentTitle(`${title} · ${t('common.product')}`)
  return (
    <div className={classes.page}>
      {crumb && (
        <nav className={classes.crumbs} aria-label={t('common.back')}>
          {crumb}
          <ChevronRightIcon size={13} />
        </nav>
      )}
      <header className={classes.head}>
        <div className={classes.title}>
          <Title order={1}>{title}</Title>
          {beside}
        </div>
        {actions && <div className={classes.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  )
}

export function Total({ children }: { children: number | undefined }) {
  if (children === undefined) return null
  return (
    <Text span c="dimmed" size="lg" style={{ fontVariantNumeric: 'tabular-nums' }}>
      {children}
    </Text>
  )
}

/** Names and values, as a list of definitions. Rows without a value are left out. */
export function Facts({ rows }: { rows: [name: string, value: React.ReactNode][] }) {
  return (
    <dl className={classes.facts}>
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== false && value !== '')
        .map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

interface SectionProps {
  title: string
  actions?: React.ReactNode
  children: React.ReactNode
}

export function Section({ title, actions, children }: SectionProps) {
  return (
    <section className={classes.section}>
      <div className={classes.sectionHead}>
        <Title order={2}>{title}</Title>
        {actions}
      </div>
      {children}
    </section>
  )
}

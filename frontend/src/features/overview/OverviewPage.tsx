/** The first page: what there is, and what ran last. */
import { Skeleton, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { PlusIcon, RunIcon, TargetIcon } from '@/components/icons'
import { ButtonLink, TextLink } from '@/components/links'
import { Page, Section } from '@/components/Page'
import { EmptyState, ErrorState } from '@/components/states'
import { useCan } from '@/features/auth/session'
import { RecentExecutions } from '@/features/executions/RecentExecutions'
import { targetStatuses } from '@/features/targets/filter'
import { TargetStatusBadge } from '@/features/targets/parts'
import { useTargetFacets } from '@/features/targets/queries'
import classes from './overview.module.css'

const RECENT = 10

export function OverviewPage() {
  const { t } = useTranslation()
  const can = useCan()
  return (
    <Page
      title={t('overview.title')}
      actions={
        can('executions.run') && (
          <ButtonLink to="/run" leftSection={<RunIcon />}>
            {t('run.title')}
          </ButtonLink>
        )
      }
    >
      <Section title={t('overview.targets')} actions={<ToTargets />}>
        <TargetFigures />
      </Section>
      <Section title={t('overview.recent')} actions={<ToExecutions />}>
        <RecentExecutions limit={RECENT} empty={t('overview.noRecent')} />
      </Section>
    </Page>
  )
}

function ToTargets() {
  const { t } = useTranslation()
  return (
    <TextLink to="/targets" size="sm">
      {t('overview.allTargets')}
    </TextLink>
  )
}

function ToExecutions() {
  const { t } = useTranslation()
  return (
    <TextLink to="/executions" size="sm">
      {t('overview.allExecutions')}
    </TextLink>
  )
}

function TargetFigures() {
  const { data, error, refetch } = useTargetFacets()
  if (error && !data) return <ErrorState error={error} onRetry={refetch} compact />
  if (!data) return <Skeleton height={76} />
  const total = Object.values(data.status).reduce((sum, count) => sum + count, 0)
  if (total === 0) return <FirstTarget />
  return (
    <ul className={classes.figures}>
      {targetStatuses.map((status) => (
        <li key={status}>
          <Link to="/targets" search={{ status }} className={classes.figure}>
            <span className={classes.number}>{data.status[status] ?? 0}</span>
            <TargetStatusBadge status={status} />
          </Link>
        </li>
      ))}
    </ul>
  )
}

function FirstTarget() {
  const { t } = useTranslation()
  const mayAdd = useCan()('targets.write')
  if (!mayAdd)
    return (
      <Text size="sm" c="dimmed">
        {t('targets.emptyReadOnly')}
      </Text>
    )
  return (
    <EmptyState icon={TargetIcon} title={t('overview.first')} hint={t('overview.firstHint')} compact>
      <ButtonLink to="/targets/new" leftSection={<PlusIcon />}>
        {t('targets.add')}
      </ButtonLink>
    </EmptyState>
  )
}

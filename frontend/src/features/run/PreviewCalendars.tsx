/** What calendars say of a preview: each that holds for some of its targets, open or closed, and what that means. */
import { Text, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Preview, PreviewCalendar } from '@/api/types'
import { BanIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { Time } from '@/components/Time'
import { KindText, StandingBadge } from '@/features/calendars/parts'
import { Override } from './Override'

export function PreviewCalendars({ windows }: Pick<Preview, 'windows'>) {
  const { t } = useTranslation()
  const columns = useColumns()
  if (windows.calendars.length === 0) return null
  return (
    <section>
      <Title order={3} mb={6}>
        {t('run.windows')}
      </Title>
      <ResourceTable
        label={t('run.windows')}
        columns={columns}
        rows={windows.calendars}
        rowId={(row) => row.id}
        empty={null}
        stickyTop={0}
      />
      {windows.starts_until && (
        <Text size="sm" mt={6}>
          {t('run.startsUntil')} <Time at={windows.starts_until} />
        </Text>
      )}
    </section>
  )
}

interface RefusedProps extends Pick<Preview, 'windows'> {
  running: boolean
  onOverride: (reason: string) => void
}

/** That a run would be refused, until when, and the way around it. */
export function Refused({ windows, running, onOverride }: RefusedProps) {
  const { t } = useTranslation()
  if (windows.refused === 0) return null
  return (
    <Notice tone="danger" icon={BanIcon} title={t('run.refused', { count: windows.refused })}>
      <Text size="sm" mb="xs">
        {windows.opens_at ? (
          <>
            {t('run.opensAt')} <Time at={windows.opens_at} />
          </>
        ) : (
          t('run.opensNever')
        )}
      </Text>
      <Override onBegin={onOverride} running={running} />
    </Notice>
  )
}

function useColumns(): Column<PreviewCalendar>[] {
  const { t } = useTranslation()
  return [
    {
      id: 'name',
      header: t('calendars.name'),
      meta: { phone: 'title' },
      cell: ({ row }) => row.original.name,
    },
    { id: 'now', header: t('calendars.now'), cell: ({ row }) => <StandingBadge {...row.original} /> },
    { id: 'kind', header: t('calendars.kind'), cell: ({ row }) => <KindText {...row.original} /> },
    { id: 'targets', header: t('calendars.scope'), cell: ({ row }) => <Targets calendar={row.original} /> },
  ]
}

function Targets({ calendar: { target_count, targets } }: { calendar: PreviewCalendar }) {
  const { t } = useTranslation()
  const more = target_count > targets.length ? ' …' : ''
  return <span title={targets.join(', ') + more}>{t('run.windowTargets', { count: target_count })}</span>
}

/** One calendar at the side of the list: as it is, and its form; each has an address of its own. */
import { Group, Skeleton, Stack, Text } from '@mantine/core'
import { useNavigate, useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { Calendar, UpcomingWindows } from '@/api/types'
import { tellDone } from '@/components/feedback'
import { EditIcon } from '@/components/icons'
import { ButtonLink } from '@/components/links'
import { Facts, Section } from '@/components/Page'
import { SideDrawer } from '@/components/SideDrawer'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { CalendarForm } from './CalendarForm'
import classes from './calendars.module.css'
import { KindText, ScopeText, StandingBadge, Week } from './parts'
import { DAYS_AHEAD, useCalendar, useUpcoming } from './queries'
import { wallTime } from './wallTime'

const WIDTH = 620

function useClose() {
  const navigate = useNavigate()
  return () => void navigate({ to: '/calendars' })
}

export function NewCalendarDrawer() {
  const { t } = useTranslation()
  const close = useClose()
  return (
    <SideDrawer title={t('calendars.addTitle')} size={WIDTH} onClose={close}>
      <CalendarForm
        onCancel={close}
        onDone={({ name }) => {
          tellDone(t('calendars.created', { name }))
          close()
        }}
      />
    </SideDrawer>
  )
}

export function EditCalendarDrawer() {
  const { t } = useTranslation()
  const { calendarId } = useParams({ from: '/shell/calendars/$calendarId/edit' })
  const close = useClose()
  const { data, error, refetch } = useCalendar(calendarId)
  return (
    <SideDrawer
      title={data ? t('calendars.editTitle', { name: data.name }) : t('common.edit')}
      size={WIDTH}
      onClose={close}
    >
      <Waiting {...{ data, error, refetch }} />
      {data && (
        <CalendarForm
          key={data.version}
          calendar={data}
          onCancel={close}
          onDone={({ name }) => {
            tellDone(t('calendars.updated', { name }))
            close()
          }}
        />
      )}
    </SideDrawer>
  )
}

export function CalendarDrawer() {
  const { calendarId } = useParams({ from: '/shell/calendars/$calendarId' })
  const { data, error, refetch } = useCalendar(calendarId)
  return (
    <SideDrawer title={data?.name ?? ''} size={WIDTH} onClose={useClose()}>
      <Waiting {...{ data, error, refetch }} />
      {data && <Details calendar={data} />}
    </SideDrawer>
  )
}

function Waiting({ data, error, refetch }: { data: unknown; error: Error | null; refetch: () => void }) {
  if (data) return null
  if (error) return <ErrorState error={error} onRetry={refetch} compact />
  return (
    <Stack>
      <Skeleton height={52} />
      <Skeleton height={140} />
    </Stack>
  )
}

function Details({ calendar }: { calendar: Calendar }) {
  const { t } = useTranslation()
  const mayWrite = useCan()('calendars.write')
  const { id, kind, windows, time_zone, enabled, enforcement, at_end, now } = calendar
  return (
    <Stack gap="md">
      {mayWrite && (
        <Group>
          <ButtonLink
            to="/calendars/$calendarId/edit"
            params={{ calendarId: id }}
            variant="default"
            leftSection={<EditIcon />}
          >
            {t('common.edit')}
          </ButtonLink>
        </Group>
      )}
      <Facts
        rows={[
          [
            t('calendars.now'),
            enabled ? <StandingBadge key="now" {...now} enforcement={enforcement} /> : t('calendars.off'),
          ],
          [
            t('calendars.kind'),
            <span key="kind">
              <KindText {...calendar} />
              <Text size="xs" c="dimmed">
                {t(`calendars.kindHints.${kind}`)}
              </Text>
            </span>,
          ],
          [t('calendars.scope'), <ScopeText key="scope" {...calendar} />],
          [t('calendars.enforcement'), t(`calendars.enforcementHints.${enforcement}`)],
          [t('calendars.atEnd'), enforcement === 'block' && t(`calendars.endHints.${at_end}`)],
          [t('calendars.description'), calendar.description],
          [
            t('calendars.changed'),
            <span key="changed">
              <Time at={calendar.updated_at} /> {t('calendars.changedBy', { name: calendar.changed_by_name })}
            </span>,
          ],
        ]}
      />
      {windows.some(({ type }) => type === 'weekly') && (
        <Week windows={windows} kind={kind} zone={time_zone} />
      )}
      <Section title={t('calendars.upcoming')}>
        <UpcomingList id={id} />
      </Section>
    </Stack>
  )
}

function UpcomingList({ id }: { id: string }) {
  const { t } = useTranslation()
  const { data, error, refetch } = useUpcoming(id)
  if (!data) return <Waiting {...{ data, error, refetch }} />
  if (data.windows.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('calendars.upcomingNone', { days: DAYS_AHEAD })}
      </Text>
    )
  return (
    <>
      <ul className={classes.upcoming}>
        {data.windows.slice(0, MOST_LISTED).map((window) => (
          <UpcomingRow key={window.start} window={window} />
        ))}
      </ul>
      {(!data.complete || data.windows.length > MOST_LISTED) && (
        <Text size="xs" c="dimmed" mt={6}>
          {t('calendars.upcomingMore')}
        </Text>
      )}
      <Text size="xs" c="dimmed" mt={6}>
        {data.time_zone}
      </Text>
    </>
  )
}

const MOST_LISTED = 12

function UpcomingRow({ window }: { window: UpcomingWindows['windows'][number] }) {
  const { t, i18n } = useTranslation()
  const { start_local, end_local, start } = window
  return (
    <li>
      {t('calendars.upcomingLocal', {
        start: wallTime(start_local, i18n.language),
        end: wallTime(end_local, i18n.language),
      })}{' '}
      <Text span size="xs" c="dimmed">
        <Time at={start} />
      </Text>
    </li>
  )
}

/** Whether work may begin on a target now, and the calendars that say so; nothing where it has none. */
import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import { TextLink } from '@/components/links'
import { Section } from '@/components/Page'
import { StandingBadge } from '@/features/calendars/parts'
import { useWindowsOfTarget } from '@/features/calendars/queries'

export function Windows({ targetId }: { targetId: string }) {
  const { t } = useTranslation()
  const { data } = useWindowsOfTarget(targetId)
  if (!data || data.calendars.length === 0) return null
  return (
    <Section title={t('calendars.ofTarget')}>
      <Stack gap="xs">
        <Text size="sm">{data.open ? t('calendars.targetOpen') : t('calendars.targetClosed')}</Text>
        {data.calendars.map((calendar) => (
          <Group key={calendar.id} gap="sm">
            <TextLink to="/calendars/$calendarId" params={{ calendarId: calendar.id }} size="sm">
              {calendar.name}
            </TextLink>
            <StandingBadge {...calendar} />
          </Group>
        ))}
      </Stack>
    </Section>
  )
}

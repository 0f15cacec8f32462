/** One audit entry with what was there before and after. */
import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { Facts, Section } from '@/components/Page'
import { SideDrawer } from '@/components/SideDrawer'
import { Time } from '@/components/Time'
import { exact } from '@/lib/time'
import classes from './audit.module.css'
import { changesOf } from './changes'
import { ObjectName, Outcome } from './parts'

export function AuditDrawer({ entry, onClose }: { entry: AuditEntry; onClose: () => void }) {
  const { t } = useTranslation()
  return (
    <SideDrawer title={<code>{entry.action}</code>} size={640} onClose={onClose}>
      <Stack gap="md">
        <EntryFacts entry={entry} />
        <Section title={t('audit.changes')}>
          <Changes entry={entry} />
        </Section>
      </Stack>
    </SideDrawer>
  )
}

function EntryFacts({ entry: { actor, object, outcome, at, address, request_id } }: { entry: AuditEntry }) {
  const { t, i18n } = useTranslation()
  return (
    <Facts
      rows={[
        [
          t('audit.at'),
          <Group key="at" gap="xs">
            {exact(at, i18n.language)}
            <Time at={at} c="dimmed" />
          </Group>,
        ],
        [t('audit.actor'), actor.via ? `${actor.name}, ${t('audit.via', { name: actor.via })}` : actor.name],
        [t('audit.object'), <ObjectName key="object" object={object} />],
        [t('audit.outcome'), <Outcome key="outcome" outcome={outcome} />],
        [t('audit.address'), address && <code>{address}</code>],
        [
          t('audit.request'),
          <CopyText key="request" value={request_id}>
            <code>{request_id}</code>
          </CopyText>,
        ],
      ]}
    />
  )
}

function Changes({ entry: { before, after } }: { entry: AuditEntry }) {
  const { t } = useTranslation()
  const changes = changesOf(before, after)
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('audit.noChanges')}
      </Text>
    )
  return (
    <table className={classes.changes}>
      <thead>
        <tr>
          <th scope="col">{t('audit.field')}</th>
          <th scope="col">{t('audit.before')}</th>
          <th scope="col">{t('audit.after')}</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row">{change.field}</th>
            <td>{change.before}</td>
            <td>{change.after}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** One audit entry with what was there before and after. */
import { Group, Stack, Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '@/api/types'
import { CopyText } from '@/components/CopyText'
import { TextLink } from '@/components/links'
import { Facts, Section } from '@/components/Page'
import { SideDrawer } from '@/components/SideDrawer'
import { Time } from '@/components/Time'
import { shortId } from '@/lib/text'
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

function EntryFacts({ entry }: { entry: AuditEntry }) {
  const { t, i18n } = useTranslation()
  const { actor, object, outcome, at, address, request_id } = entry
  const run = runOf(entry)
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
        [
          t('audit.run'),
          run && (
            <TextLink key="run" to="/workflows/runs/$runId" params={{ runId: run }}>
              <code title={run}>{shortId(run)}</code>
            </TextLink>
          ),
        ],
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

/** The run in which a flow wrote an entry. */
function runOf({ object, after }: AuditEntry): string | null {
  const run = object.type === 'flow' ? after?.run_id : null
  return typeof run === 'string' ? run : null
}

/** What was there before has no column where nothing was, and what is there afterwards none where nothing is. */
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
          {before && <th scope="col">{t('audit.before')}</th>}
          {after && <th scope="col">{t('audit.after')}</th>}
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.field}>
            <th scope="row">{change.field}</th>
            {before && <td>{change.before}</td>}
            {after && <td>{change.after}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** What differs between two versions of a flow, node by node and property by property. */
import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { FlowDiff } from '@/api/types'
import { ArrowUpIcon, EditIcon, type Icon, PlusIcon, TrashIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import type { Tone } from '@/lib/status'
import type { Mark } from './picture'
import classes from './workflows.module.css'

const LOOKS: Record<Mark, { tone: Tone; icon: Icon }> = {
  added: { tone: 'success', icon: PlusIcon },
  removed: { tone: 'danger', icon: TrashIcon },
  changed: { tone: 'warning', icon: EditIcon },
  moved: { tone: 'neutral', icon: ArrowUpIcon },
}

export function NodeChanges({ changes }: { changes: FlowDiff['changes'] }) {
  const { t } = useTranslation()
  if (changes.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {t('workflows.same')}
      </Text>
    )
  return (
    <ul className={classes.changes}>
      {changes.map((change) => (
        <li key={change.id}>
          <div className={classes.changeHead}>
            <ToneBadge {...LOOKS[change.kind]}>{t(`workflows.kinds.${change.kind}`)}</ToneBadge>
            <strong>{change.name || change.type}</strong>
            {change.name && (
              <Text span size="xs" c="dimmed">
                {change.type}
              </Text>
            )}
          </div>
          {change.fields.length > 0 && <Fields fields={change.fields} />}
        </li>
      ))}
    </ul>
  )
}

function Fields({ fields }: { fields: FlowDiff['changes'][number]['fields'] }) {
  return (
    <dl className={classes.fields}>
      {fields.map(({ name, before, after }) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <Value is={before} as="del" />
            <Value is={after} as="ins" />
          </dd>
        </div>
      ))}
    </dl>
  )
}

function Value({ is, as: Kind }: { is: unknown; as: 'del' | 'ins' }) {
  const { t } = useTranslation()
  if (is === null || is === undefined) return <Kind data-empty>{t('workflows.nothing')}</Kind>
  if (is === '') return <Kind data-empty>{t('workflows.emptyText')}</Kind>
  return <Kind>{typeof is === 'string' ? is : JSON.stringify(is, null, 1)}</Kind>
}

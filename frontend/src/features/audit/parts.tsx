import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { AuditEntry } from '@/api/types'
import { BanIcon, CheckIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { shortId } from '@/lib/text'

export function ObjectName({ object: { type, name, id } }: { object: AuditEntry['object'] }) {
  return (
    <span>
      <Text span inherit c="dimmed">
        {type}
      </Text>{' '}
      {name ?? (id && <code>{shortId(id)}</code>)}
    </span>
  )
}

/** An outcome that this app does not know yet is shown in the API's own word. */
export function Outcome({ outcome }: { outcome: string }) {
  const { t } = useTranslation()
  const done = outcome === 'done'
  const word = outcome === 'done' || outcome === 'refused' ? t(`audit.outcomes.${outcome}`) : outcome
  return (
    <ToneBadge tone={done ? 'success' : 'danger'} icon={done ? CheckIcon : BanIcon} plain>
      {word}
    </ToneBadge>
  )
}

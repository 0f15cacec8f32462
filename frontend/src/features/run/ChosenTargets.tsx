/** Names what is chosen, so that nobody runs on a machine that they do not see. */
import { Pill, Text } from '@mantine/core'
import { useQueries } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import type { Target } from '@/api/types'
import { targetQuery } from '@/features/targets/queries'
import { shortId } from '@/lib/text'

const MOST_NAMED = 12

interface ChosenTargetsProps {
  ids: string[]
  /** Targets whose names are at hand; once they are, the others are asked for. */
  known: Target[] | undefined
  onChange: (ids: string[]) => void
}

export function ChosenTargets({ ids, known, onChange }: ChosenTargetsProps) {
  const { t } = useTranslation()
  const named = ids.slice(0, MOST_NAMED)
  const names = useNames(named, known)
  if (ids.length === 0) return null
  const more = ids.length - named.length
  return (
    <Pill.Group aria-label={t('run.chosen', { count: ids.length })}>
      {named.map((id) => {
        const name = names.get(id) ?? shortId(id)
        return (
          <Pill
            key={id}
            withRemoveButton
            removeButtonProps={{
              'aria-label': t('run.takeOff', { name }),
              tabIndex: 0,
              'aria-hidden': false,
            }}
            onRemove={() => onChange(ids.filter((other) => other !== id))}
          >
            {name}
          </Pill>
        )
      })}
      {more > 0 && (
        <Text span size="xs" c="dimmed">
          {t('run.andMore', { count: more })}
        </Text>
      )}
    </Pill.Group>
  )
}

function useNames(ids: string[], known: Target[] | undefined): Map<string, string> {
  const names = new Map(known?.map(({ id, name }) => [id, name]))
  const unknown = known ? ids.filter((id) => !names.has(id)) : []
  const asked = useQueries({ queries: unknown.map(targetQuery) })
  for (const { data } of asked) if (data) names.set(data.id, data.name)
  return names
}

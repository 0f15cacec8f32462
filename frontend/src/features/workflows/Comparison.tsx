/** What differs between a version of a flow and another one: the newest, the one before it, or any that is chosen. */
import { Select, Skeleton } from '@mantine/core'
import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { Section } from '@/components/Page'
import { ErrorState } from '@/components/states'
import { NodeChanges } from './NodeChanges'
import type { Pair } from './pair'
import { useFlowDiff } from './queries'

const MOST_SHOWN = 200 // others are found by their number

interface ComparisonProps {
  flowId: string
  version: number
  newest: number
  pair: Pair
}

export function Comparison({ flowId, version, newest, pair }: ComparisonProps) {
  const { t } = useTranslation()
  const diff = useFlowDiff(flowId, pair.before, pair.after)
  return (
    <Section
      title={
        pair.after === version
          ? t('workflows.changedSince', { number: pair.before })
          : t('workflows.changedUntil', { number: pair.after })
      }
      actions={<OtherVersion flowId={flowId} version={version} newest={newest} pair={pair} />}
    >
      {diff.error && !diff.data ? (
        <ErrorState error={diff.error} onRetry={diff.refetch} compact />
      ) : diff.data ? (
        <NodeChanges changes={diff.data.changes} />
      ) : (
        <Skeleton height={80} />
      )}
    </Section>
  )
}

function OtherVersion({ flowId, version, newest, pair }: ComparisonProps) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const others = Array.from({ length: newest }, (_, older) => newest - older).filter((one) => one !== version)
  return (
    <Select
      aria-label={t('workflows.compareWith')}
      size="xs"
      searchable
      limit={MOST_SHOWN}
      allowDeselect={false}
      data={others.map((number) => ({
        value: String(number),
        label: t('workflows.versionNumber', { number }),
      }))}
      value={String(pair.after === version ? pair.before : pair.after)}
      onChange={(value) =>
        navigate({
          to: '/workflows/flows/$flowId/versions/$version',
          params: { flowId, version: String(version) },
          search: { against: Number(value) },
          replace: true,
        })
      }
    />
  )
}

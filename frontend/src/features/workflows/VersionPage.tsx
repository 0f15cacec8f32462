/** A version of a flow: how it looked, what differs from what is deployed now, and the way back to it. */
import { Button, Skeleton, Stack } from '@mantine/core'
import { useParams, useSearch } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { FlowDiff, FlowVersion } from '@/api/types'
import { ask } from '@/components/feedback'
import { RefreshIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { Facts, Page } from '@/components/Page'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { shortId } from '@/lib/text'
import { Comparison } from './Comparison'
import { FlowPicture } from './FlowPicture'
import { OpenInEditor } from './OpenInEditor'
import { pairOf } from './pair'
import type { Mark } from './picture'
import { useFlowDiff, useFlowVersion, useNewestVersion, useRestore } from './queries'

const VERSION = '/shell/workflows/flows/$flowId/versions/$version'

export function VersionPage() {
  const { t } = useTranslation()
  const { flowId, version } = useParams({ from: VERSION })
  const number = Number(version)
  const { data, error, refetch } = useFlowVersion(flowId, number)
  const newest = useNewestVersion(flowId)
  if (data) return <VersionDetails flowId={flowId} version={data} newest={newest} />
  return (
    <Page title={t('workflows.versionNumber', { number })} crumb={<ToList />}>
      {error ? <ErrorState error={error} onRetry={refetch} /> : <Skeleton height={240} />}
    </Page>
  )
}

function ToList() {
  const { t } = useTranslation()
  return (
    <TextLink to="/workflows" search={{ view: 'deployed' }} size="sm">
      {t('workflows.deployed')}
    </TextLink>
  )
}

interface VersionProps {
  flowId: string
  version: FlowVersion
  newest: number | undefined
}

function VersionDetails({ flowId, version, newest }: VersionProps) {
  const { t } = useTranslation()
  const { against } = useSearch({ from: VERSION })
  const isNewest = version.version === newest
  const pair = newest === undefined ? null : pairOf(version.version, newest, against)
  const diff = useFlowDiff(flowId, pair?.before ?? 0, pair?.after ?? 0)
  return (
    <Page
      title={version.name}
      beside={t('workflows.versionNumber', { number: version.version })}
      crumb={<ToList />}
      actions={
        newest !== undefined &&
        (isNewest ? <OpenInEditor flow={flowId} /> : <RestoreButton flowId={flowId} version={version} />)
      }
    >
      <Stack gap="lg">
        <Facts
          rows={[
            [t('workflows.deployedBy'), version.deployed_by],
            [t('workflows.deployedAt'), <Time key="at" at={version.deployed_at} />],
            [
              'SHA-256',
              <code key="sha" title={version.sha256}>
                {shortId(version.sha256)}
              </code>,
            ],
          ]}
        />
        <FlowPicture
          flowId={flowId}
          nodes={version.nodes}
          marks={pair?.after === version.version ? marksOf(diff.data) : undefined}
        />
        {newest !== undefined && pair && (
          <Comparison flowId={flowId} version={version.version} newest={newest} pair={pair} />
        )}
      </Stack>
    </Page>
  )
}

function marksOf(diff: FlowDiff | undefined): Record<string, Mark> {
  return Object.fromEntries(diff?.changes.map(({ id, kind }) => [id, kind]) ?? [])
}

function RestoreButton({ flowId, version }: { flowId: string; version: FlowVersion }) {
  const { t } = useTranslation()
  const restore = useRestore(flowId)
  if (!useCan()('workflows.edit')) return null
  const number = version.version
  return (
    <Button
      leftSection={<RefreshIcon />}
      loading={restore.isPending}
      onClick={() =>
        ask({
          title: t('workflows.restoreTitle', { number }),
          text: t('workflows.restoreText', { name: version.name }),
          confirm: t('workflows.restore'),
          onConfirm: () => restore.mutate(number),
        })
      }
    >
      {t('workflows.restore')}
    </Button>
  )
}

/** A version of a flow: how it looked, what differs from what is deployed now, and the way back to it. */
import { Button, Skeleton, Stack } from '@mantine/core'
import { useParams } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import type { FlowDiff, FlowVersion } from '@/api/types'
import { ask } from '@/components/feedback'
import { RefreshIcon } from '@/components/icons'
import { TextLink } from '@/components/links'
import { Facts, Page, Section } from '@/components/Page'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { useCan } from '@/features/auth/session'
import { shortId } from '@/lib/text'
import { FlowPicture } from './FlowPicture'
import { NodeChanges } from './NodeChanges'
import { OpenInEditor } from './OpenInEditor'
import type { Mark } from './picture'
import { useFlowDiff, useFlowVersion, useNewestVersion, useRestore } from './queries'

export function VersionPage() {
  const { t } = useTranslation()
  const { flowId, version } = useParams({ from: '/shell/workflows/flows/$flowId/versions/$version' })
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
  const isNewest = version.version === newest
  // The newest is compared with the one before it: what did it change. Others with the newest: what would change.
  const [before, after] = isNewest ? [version.version - 1, version.version] : [version.version, newest ?? 0]
  const diff = useFlowDiff(flowId, before, after)
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
          marks={isNewest ? marksOf(diff.data) : undefined}
        />
        {after > 1 && before > 0 && (
          <Section
            title={
              isNewest
                ? t('workflows.changedSince', { number: before })
                : t('workflows.changedUntil', { number: after })
            }
          >
            {diff.error && !diff.data ? (
              <ErrorState error={diff.error} onRetry={diff.refetch} compact />
            ) : diff.data ? (
              <NodeChanges changes={diff.data.changes} />
            ) : (
              <Skeleton height={80} />
            )}
          </Section>
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

/** What a request would do, and where exactly; what is run from here is what was looked at. */
import { Button, Group, Stack, Title } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { NewExecution, Preview, PreviewTarget } from '@/api/types'
import { RunIcon, TargetIcon, WarningIcon } from '@/components/icons'
import { Notice } from '@/components/Notice'
import { Facts } from '@/components/Page'
import { type Column, ResourceTable } from '@/components/ResourceTable'
import { SideDrawer } from '@/components/SideDrawer'
import { EmptyState } from '@/components/states'
import { ActionList } from '@/features/executions/ActionList'
import { shownAction } from '@/features/executions/actions'
import { record } from '@/lib/json'
import { duration } from '@/lib/time'
import { PreviewCalendars, Refused } from './PreviewCalendars'
import { RunError } from './RunError'
import classes from './run.module.css'

interface PreviewDrawerProps {
  wanted: NewExecution
  preview: Preview
  error: Error | null
  running: boolean
  looking: boolean
  onRun: (override?: { reason: string }) => void
  onLookAgain: () => void
  onClose: () => void
}

export function PreviewDrawer(props: PreviewDrawerProps) {
  const { t } = useTranslation()
  const { wanted, preview, error, running, looking, onRun, onLookAgain, onClose } = props
  const override = (reason: string) => onRun({ reason })
  return (
    <SideDrawer title={t('run.previewTitle')} size={760} onClose={onClose}>
      <Stack gap="md">
        <Course preview={preview} />
        <Problems preview={preview} />
        <PreviewCalendars windows={preview.windows} />
        <PreviewActions wanted={wanted} preview={preview} />
        <ResourceTable
          label={t('run.targets')}
          columns={useColumns(preview)}
          rows={preview.targets}
          rowId={(row) => row.id}
          empty={<EmptyState icon={TargetIcon} title={t('run.noTargets')} compact />}
          stickyTop={0}
        />
        <div className={classes.drawerFoot}>
          <RunError
            error={error}
            title={t('run.failed')}
            onLookAgain={onLookAgain}
            looking={looking}
            onOverride={override}
            running={running}
          />
          {!error && <Refused windows={preview.windows} running={running} onOverride={override} />}
          <Group gap="sm" justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {t('common.cancel')}
            </Button>
            <Button
              leftSection={<RunIcon />}
              loading={running}
              disabled={looking || preview.windows.refused > 0}
              onClick={() => onRun()}
            >
              {t('run.start', { count: preview.will_run })}
            </Button>
          </Group>
        </div>
      </Stack>
    </SideDrawer>
  )
}

const MOST_SIZES = 8

function Course({ preview }: { preview: Preview }) {
  const { t } = useTranslation()
  const { batches, parallelism, max_failures, longest_seconds } = preview
  const sizes = batches.slice(0, MOST_SIZES).join(', ') + (batches.length > MOST_SIZES ? ' …' : '')
  return (
    <Facts
      rows={[
        [t('run.willRunOn'), t('run.willRun', { run: preview.will_run, total: preview.target_count })],
        [t('run.batches'), t('run.batchSizes', { count: batches.length, sizes })],
        [t('run.atOnce'), parallelism ?? t('run.atOnceAll')],
        [t('run.failuresAllowed'), max_failures === null ? t('run.failuresAny') : String(max_failures)],
        [t('run.longest'), `${duration(longest_seconds * 1000)} (${t('run.longestHint')})`],
      ]}
    />
  )
}

function Problems({ preview }: { preview: Preview }) {
  const { t } = useTranslation()
  const count = preview.target_count - preview.will_run
  if (count === 0) return null
  return <Notice tone="warning" icon={WarningIcon} title={t('run.problems', { count })} />
}

/** The actions as they were asked for, with the code that would be run. */
function PreviewActions({ wanted, preview }: Pick<PreviewDrawerProps, 'wanted' | 'preview'>) {
  const { t } = useTranslation()
  const actions = wanted.actions.map((action, index) => ({
    ...shownAction(record(action)),
    code: preview.actions[index]?.command ?? '',
  }))
  return (
    <section>
      <Title order={3} mb={6}>
        {t('executions.action', { count: actions.length })}
      </Title>
      <div className={classes.previewActions}>
        <ActionList actions={actions} />
      </div>
    </section>
  )
}

function useColumns({ batches, targets }: Preview): Column<PreviewTarget>[] {
  const { t } = useTranslation()
  const batch: Column<PreviewTarget> = {
    id: 'batch',
    header: t('run.batch'),
    meta: { width: 64, align: 'right' },
    cell: ({ row }) => (row.original.batch === null ? '–' : row.original.batch + 1),
  }
  const limits: Column<PreviewTarget> = {
    id: 'limits',
    header: t('run.limits'),
    cell: ({ row }) =>
      limitsOf(row.original)
        .map(([text, count]) => t(text, { count }))
        .join(', '),
  }
  return [
    {
      id: 'name',
      header: t('run.target'),
      meta: { phone: 'title' },
      cell: ({ row }) => row.original.name,
    },
    ...(batches.length > 1 ? [batch] : []),
    {
      id: 'address',
      header: t('run.address'),
      cell: ({ row }) => `${row.original.host}:${row.original.port}`,
    },
    { id: 'credential', header: t('run.credential'), cell: ({ row }) => row.original.credential_name ?? '–' },
    ...(targets.some((target) => limitsOf(target).length > 0) ? [limits] : []),
    { id: 'problem', header: t('run.problem'), cell: ({ row }) => <Problem target={row.original} /> },
  ]
}

function limitsOf({ max_parallel, credential_max_parallel }: PreviewTarget) {
  const limits = [
    ['run.limitHere', max_parallel],
    ['run.limitWithCredential', credential_max_parallel],
  ] as const
  return limits.flatMap(([text, count]) => (count === null ? [] : [[text, count] as const]))
}

function Problem({ target: { problem, closed_by } }: { target: PreviewTarget }) {
  const { t } = useTranslation()
  const closed = closed_by.length > 0 && t('run.closedBy', { calendars: closed_by.join(', ') })
  return <span className={classes.problem}>{[problem, closed].filter(Boolean).join(' ')}</span>
}

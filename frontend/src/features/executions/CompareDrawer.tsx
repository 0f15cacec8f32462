/** Two outputs side by side in words: what the one has that the other has not. */
import { Alert, SegmentedControl, Skeleton, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Comparison } from '@/api/types'
import { TextLink } from '@/components/links'
import { SideDrawer } from '@/components/SideDrawer'
import { StatusBadge } from '@/components/Status'
import { ErrorState } from '@/components/states'
import { Time } from '@/components/Time'
import { withoutAnsi } from '@/lib/ansi'
import { bytes as size } from '@/lib/size'
import type { ViewProps } from './OutputActions'
import { type StreamName, useComparison } from './outputQueries'
import classes from './outputs.module.css'

interface CompareDrawerProps extends ViewProps {
  left: string
  right: string
}

export function CompareDrawer({ left, right, view, onShow }: CompareDrawerProps) {
  const { t } = useTranslation()
  const [stream, setStream] = useState<StreamName>('stdout')
  const { data, error, refetch } = useComparison(left, right, stream)
  return (
    <SideDrawer
      title={t('outputs.comparison')}
      size={860}
      onClose={() => onShow({ ...view, left: undefined, right: undefined })}
    >
      <Stack gap="md">
        <SegmentedControl
          aria-label={t('outputs.stream')}
          size="xs"
          data={[
            { value: 'stdout', label: t('executions.stdout') },
            { value: 'stderr', label: t('executions.stderr') },
          ]}
          value={stream}
          onChange={(chosen) => setStream(chosen === 'stderr' ? 'stderr' : 'stdout')}
          style={{ justifySelf: 'start', alignSelf: 'start' }}
        />
        {error ? (
          <ErrorState compact error={error} onRetry={refetch} />
        ) : data ? (
          <Compared comparison={data} />
        ) : (
          <Skeleton height={240} aria-busy="true" />
        )}
      </Stack>
    </SideDrawer>
  )
}

function Compared({ comparison }: { comparison: Comparison }) {
  const { left, right, rows } = comparison
  return (
    <>
      <div className={classes.sides}>
        <Side side={left} sign="−" />
        <Side side={right} sign="+" />
      </div>
      <Verdict comparison={comparison} />
      {rows.length > 0 && <Rows rows={rows} />}
    </>
  )
}

function Side({ side, sign }: { side: Comparison['left']; sign: string }) {
  const { t } = useTranslation()
  return (
    <div className={classes.side}>
      <strong>
        {sign}{' '}
        <TextLink
          to="/executions/$executionId"
          params={{ executionId: side.execution_id }}
          search={{ result: side.result_id }}
        >
          {side.target_name}
        </TextLink>
      </strong>
      <span>
        <StatusBadge status={side.status} plain />
      </span>
      <Text size="xs" c="dimmed">
        {size(side.total_bytes)}
        {side.exit_code !== null && ` · ${t('outputs.exitCode', { code: side.exit_code })}`}
      </Text>
      {side.started_at && <Time at={side.started_at} c="dimmed" fz="xs" />}
      {side.note && <Text size="xs">{side.note}</Text>}
    </div>
  )
}

/** What is to be said beside the rows, or where there are none. */
function Verdict({ comparison }: { comparison: Comparison }) {
  const { t } = useTranslation()
  const { same, difference, complete, cut, rows_cut } = comparison
  const said = [
    same && t('outputs.identical'),
    difference?.kind === 'not_kept' && t('outputs.compareUnkept'),
    !complete && t('outputs.compareHard', { line: difference?.line }),
    cut && t('outputs.compareCut'),
    rows_cut && t('outputs.compareRowsCut'),
  ].filter((sentence) => sentence !== false)
  return said.map((sentence) => (
    <Alert key={sentence} color="gray">
      {sentence}
    </Alert>
  ))
}

const signs = { gap: '', same: '', removed: '−', added: '+' }

function Rows({ rows }: { rows: Comparison['rows'] }) {
  const { t } = useTranslation()
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard
    <section className={classes.difference} aria-label={t('outputs.comparison')} tabIndex={0}>
      {rows.map(({ kind, left, right, text }) => (
        <div key={`${kind} ${left} ${right}`} className={classes.row} data-kind={kind}>
          <span>{kind === 'gap' ? '' : left}</span>
          <span>{kind === 'gap' ? '' : right}</span>
          <span>{signs[kind]}</span>
          {kind === 'gap' ? t('outputs.gap', { left, right }) : withoutAnsi(text)}
        </div>
      ))}
    </section>
  )
}

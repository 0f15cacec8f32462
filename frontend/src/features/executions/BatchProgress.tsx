import { Text } from '@mantine/core'
import { useTranslation } from 'react-i18next'
import type { Execution } from '@/api/types'
import { isTerminal } from '@/lib/status'
import { type Batch, batchesOf } from './batches'
import classes from './steering.module.css'

const MOST_DRAWN = 40

/** One bar for each batch, as wide as it is large. */
export function BatchProgress({ execution }: { execution: Execution }) {
  const { t } = useTranslation()
  const { batch_count: count, current_batch: current, status } = execution
  if (count < 2) return null
  const batches = batchesOf(execution)
  const drawn = batches.slice(0, MOST_DRAWN)
  return (
    <div className={classes.batches}>
      <Text size="xs" c="dimmed" className={classes.batchText}>
        {t('executions.batchOf', { number: current + 1, count })}
      </Text>
      <ol className={classes.batchBars}>
        {drawn.map((batch) => (
          <BatchBar
            key={batch.number}
            batch={batch}
            current={!isTerminal(status) && batch.number === current + 1}
          />
        ))}
      </ol>
      {batches.length > drawn.length && (
        <Text size="xs" c="dimmed">
          {t('executions.moreBatches', { count: batches.length - drawn.length })}
        </Text>
      )}
    </div>
  )
}

function BatchBar({ batch: { number, size, done }, current }: { batch: Batch; current: boolean }) {
  const { t } = useTranslation()
  const label = t('executions.batchDone', { number, done, size })
  return (
    <li
      className={classes.batch}
      style={{ flexGrow: size }}
      title={label}
      aria-label={label}
      aria-current={current ? 'step' : undefined}
    >
      <span style={{ width: `${(100 * done) / size}%` }} />
    </li>
  )
}

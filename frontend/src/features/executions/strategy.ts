/** How the work goes through the targets, in words: what differs from everything at once. */
import { useTranslation } from 'react-i18next'
import { numberOf, record, textOf } from '@/lib/json'
import { duration } from '@/lib/time'

/** Names and values; a value may be empty where the name says it all. */
export type StrategyText = [name: string, value: string]

export function useStrategyTexts(): (strategy: unknown, mode: string) => StrategyText[] {
  const { t } = useTranslation()
  return (strategy, mode) => {
    const given = record(strategy)
    const amount = (value: unknown) => (numberOf(value) === undefined ? textOf(value) : String(value))
    const time = (value: unknown) => {
      const seconds = numberOf(value)
      return seconds === undefined ? '' : duration(seconds * 1000)
    }
    const { order } = given
    const rows: StrategyText[] = [
      [t('strategy.parallelism'), amount(given.parallelism)],
      [t('strategy.canary'), amount(given.canary)],
      [t('strategy.batch_size'), amount(given.batch_size)],
      [t('strategy.max_failures'), amount(given.max_failures)],
      [
        t('strategy.order'),
        order === 'name' ? t('strategy.orders.name') : order === 'random' ? t('strategy.orders.random') : '',
      ],
      [t('strategy.target_seconds'), time(given.target_seconds)],
      [t('strategy.deadline_seconds'), time(given.deadline_seconds)],
      [t('strategy.priority'), given.priority ? amount(given.priority) : ''],
      [t('strategy.mode'), mode === 'detached' ? t('strategy.modes.detached') : ''],
    ]
    const told = rows.filter(([, value]) => value !== '')
    return given.pause_between_batches === true ? [...told, [t('strategy.pause_between_batches'), '']] : told
  }
}

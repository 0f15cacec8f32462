/** What a health check found, as a small table. */
import { useTranslation } from 'react-i18next'
import type { Step } from '@/api/types'
import { CheckIcon, CrossIcon, HelpIcon, type Icon, WarningIcon } from '@/components/icons'
import { ToneBadge } from '@/components/Status'
import { listOf, record, textOf } from '@/lib/json'
import type { Tone } from '@/lib/status'
import { checkNames } from './actions'
import classes from './steering.module.css'

const states = { healthy: 0, warning: 0, critical: 0, unknown: 0 }
type State = keyof typeof states

const looks: Record<State, [Tone, Icon]> = {
  healthy: ['success', CheckIcon],
  warning: ['warning', WarningIcon],
  critical: ['danger', CrossIcon],
  unknown: ['neutral', HelpIcon],
}

interface Check {
  name: string
  state: State
  value: string
  message: string
}

export function checksOf({ detail }: Step): Check[] {
  return listOf(record(detail).checks).map((entry) => {
    const { name, state, value, message } = record(entry)
    return {
      name: textOf(name),
      state: typeof state === 'string' && state in states ? (state as State) : 'unknown',
      value: value === null || value === undefined ? '' : String(value),
      message: textOf(message),
    }
  })
}

export function HealthDetail({ step }: { step: Step }) {
  const { t } = useTranslation()
  const checks = checksOf(step)
  if (checks.length === 0) return null
  return (
    <table className={classes.checks}>
      <thead>
        <tr>
          <th>{t('executions.check')}</th>
          <th>{t('executions.checkState')}</th>
          <th>{t('executions.checkValue')}</th>
          <th>{t('executions.checkMessage')}</th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <tr key={check.name}>
            <td>
              <CheckName name={check.name} />
            </td>
            <td>
              <StateBadge state={check.state} />
            </td>
            <td>{check.value}</td>
            <td>{check.message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function CheckName({ name }: { name: string }) {
  const { t } = useTranslation()
  const check = checkNames.find((candidate) => candidate === name)
  if (check) return t(`actions.checks.${check}`)
  const service = name.startsWith('service ') ? name.slice('service '.length) : undefined
  return service ? t('executions.serviceCheck', { name: service }) : name
}

function StateBadge({ state }: { state: State }) {
  const { t } = useTranslation()
  const [tone, icon] = looks[state]
  return (
    <ToneBadge tone={tone} icon={icon} plain>
      {t(`executions.checkStates.${state}`)}
    </ToneBadge>
  )
}

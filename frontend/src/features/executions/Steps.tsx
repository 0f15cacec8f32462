/** How each action went on one target, in order; each opens to what it wrote and found. */
import { Text, UnstyledButton } from '@mantine/core'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Execution, Result, Step } from '@/api/types'
import { ChevronDownIcon, ChevronRightIcon } from '@/components/icons'
import { StatusBadge } from '@/components/Status'
import { Elapsed } from '@/components/Time'
import { isTerminal } from '@/lib/status'
import { actionsOf } from './actions'
import { checksOf, HealthDetail } from './HealthDetail'
import { useExecution } from './queries'
import { StepOutput } from './StepOutput'
import classes from './steering.module.css'

interface StepsProps {
  executionId: string
  result: Result
}

export function Steps({ executionId, result }: StepsProps) {
  const { t } = useTranslation()
  const { data: execution } = useExecution(executionId)
  if (!execution) return null
  const steps = stepsOf(execution, result)
  // One action without findings says no more than its result does.
  if (execution.actions.length < 2 && !steps.some((step) => checksOf(step).length > 0)) return null
  const actions = actionsOf(execution)
  return (
    <ol className={classes.steps} aria-label={t('executions.steps', { name: result.target_name })}>
      {steps.map((step) => (
        <li key={step.action} className={classes.step}>
          <OneStep
            executionId={executionId}
            result={result}
            step={step}
            label={actions[step.action]?.label || step.name}
          />
        </li>
      ))}
    </ol>
  )
}

/** The steps that are told, and those of actions that have not begun. */
function stepsOf(execution: Execution, { steps, status }: Result): Step[] {
  if (isTerminal(status)) return steps
  // A repeated execution may begin with a later action; which one, only its first step tells.
  if (steps.length === 0 && (status === 'scheduled' || execution.rerun_of)) return []
  const next = (steps.at(-1)?.action ?? -1) + 1
  const waiting = execution.actions.slice(next).map((_, index) => waitingStep(next + index))
  if (steps.length === 0 && waiting[0]) waiting[0] = { ...waiting[0], status: 'running' }
  return [...steps, ...waiting]
}

function waitingStep(action: number): Step {
  return {
    action,
    type: '',
    name: '',
    status: 'scheduled',
    exit_code: null,
    exit_signal: null,
    error_code: null,
    error_message: null,
    attempts: 0,
    started_at: null,
    finished_at: null,
    output: { start: 0, end: 0 },
    error: { start: 0, end: 0 },
    detail: {},
  }
}

interface StepProps extends StepsProps {
  step: Step
  label: string
}

function OneStep({ executionId, result, step, label }: StepProps) {
  const wrote = step.output.end > step.output.start || step.error.end > step.error.start
  // What a check wrote is what its table says, in words of the program.
  const checked = checksOf(step).length > 0
  const opens = wrote || checked
  // What went wrong is what people open a result for.
  const [chosen, setChosen] = useState<boolean>()
  const open = opens && (chosen ?? (step.status !== 'completed' || checked))
  return (
    <>
      <StepHead
        result={result}
        step={step}
        label={label}
        open={open}
        onToggle={opens ? () => setChosen(!open) : undefined}
      />
      {step.error_message && (
        <Text size="xs" className={classes.stepError}>
          {step.error_message}
        </Text>
      )}
      {open && (
        <div className={classes.stepBody}>
          {checked ? (
            <HealthDetail step={step} />
          ) : (
            <>
              <StepOutput executionId={executionId} result={result} stream="stdout" range={step.output} />
              <StepOutput executionId={executionId} result={result} stream="stderr" range={step.error} />
            </>
          )}
        </div>
      )}
    </>
  )
}

interface StepHeadProps extends Omit<StepProps, 'executionId'> {
  open: boolean
  onToggle: (() => void) | undefined
}

function StepHead({ result, step, label, open, onToggle }: StepHeadProps) {
  const { t } = useTranslation()
  const Chevron = open ? ChevronDownIcon : ChevronRightIcon
  return (
    <div className={classes.stepHead}>
      <StatusBadge status={step.status} />
      {onToggle ? (
        <UnstyledButton
          className={classes.stepLabel}
          aria-expanded={open}
          aria-label={t(open ? 'executions.stepHide' : 'executions.stepOpen', {
            name: label,
            target: result.target_name,
          })}
          onClick={onToggle}
        >
          <Chevron size={13} />
          <span>{label}</span>
        </UnstyledButton>
      ) : (
        <span className={classes.stepLabel}>{label}</span>
      )}
      <StepFigures step={step} />
    </div>
  )
}

function StepFigures({ step }: { step: Step }) {
  const { t } = useTranslation()
  return (
    <Text span size="xs" c="dimmed" className={classes.stepFigures}>
      {step.exit_signal && <span>{t('executions.exitSignal', { signal: step.exit_signal })}</span>}
      {step.exit_code !== null && <span>{t('executions.stepExit', { code: step.exit_code })}</span>}
      {step.attempts > 1 && <span>{t('executions.stepAttempts', { count: step.attempts })}</span>}
      {step.started_at && <Elapsed from={step.started_at} to={step.finished_at} />}
    </Text>
  )
}

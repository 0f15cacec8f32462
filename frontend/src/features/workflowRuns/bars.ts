import type { WorkflowRunDetail, WorkflowRunStep } from '@/api/types'

interface Span {
  started_at: string
  finished_at: string | null
}

/** When a step ended, in ms; one that goes on, now. */
export function endOf({ finished_at }: Span, now: number): number {
  return finished_at ? Date.parse(finished_at) : now
}

/** Where a step lies in its run, in percent of the whole; never so thin that it can't be seen. */
export function barOf(
  step: WorkflowRunStep,
  run: Pick<WorkflowRunDetail, 'started_at' | 'completed_at' | 'steps'>,
  now: number,
): { left: number; width: number } {
  const from = Math.min(
    Date.parse(run.started_at),
    ...run.steps.map(({ started_at }) => Date.parse(started_at)),
  )
  const ended = run.completed_at ? Date.parse(run.completed_at) : now
  const whole = Math.max(1, ended - from, ...run.steps.map((each) => endOf(each, ended) - from))
  const left = ((Date.parse(step.started_at) - from) / whole) * 100
  const width = ((endOf(step, ended) - Date.parse(step.started_at)) / whole) * 100
  const shown = Math.max(THINNEST, width)
  return { left: Math.min(left, 100 - shown), width: shown }
}

const THINNEST = 0.8 // % of the track

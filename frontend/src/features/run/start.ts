/** What the form begins with: nothing, a stored script, targets chosen elsewhere, or an earlier execution. */
import { useQuery } from '@tanstack/react-query'
import { useLocation, useSearch } from '@tanstack/react-router'
import { keys } from '@/api/keys'
import { targetsOf, useExecution } from '@/features/executions/queries'
import { targetIdsOf } from './search'
import { emptyRun, type RunValues, runOf } from './values'

export interface Start {
  values: RunValues
  targetIds: string[]
}

export function useStart(): { start?: Start; error: Error | null } {
  const search = useSearch({ from: '/shell/run' })
  const chosen = useLocation({ select: ({ state }) => state.targetIds })
  const earlier = useExecution(search.again)
  const targets = useQuery({
    queryKey: [...keys.execution(search.again ?? ''), 'targets'],
    queryFn: () => targetsOf(search.again ?? ''),
    enabled: search.again !== undefined,
    staleTime: Number.POSITIVE_INFINITY, // an execution's targets never change
  })
  const error = earlier.error ?? targets.error
  if (!search.again || error)
    return { start: { values: emptyRun(search.script), targetIds: chosen ?? targetIdsOf(search) }, error }
  if (!earlier.data || !targets.data) return { error }
  return { start: { values: runOf(earlier.data), targetIds: targets.data }, error }
}

import type { UseFormReturnType } from '@mantine/form'
import type { RunValues } from './values'

export type Form = UseFormReturnType<RunValues>

/** What the fields of one action need. */
export interface ActionProps {
  form: Form
  index: number
}

/** Whether the fields of an action have something to say, of those named. */
export function hasProblem({ form, index }: ActionProps, names: readonly string[]): boolean {
  return Object.keys(form.errors).some((path) => {
    const [list, place, name = ''] = path.split('.')
    return list === 'actions' && place === String(index) && names.includes(name)
  })
}

/** Values for the parameters of a script, as a form of a run holds and checks them. The server checks them again. */
import type { ParameterDefinition } from '@/api/types'

export type ParameterValue = string | number | boolean | null
export type ParameterValues = Record<string, ParameterValue>

export interface ValueProblem {
  problem: 'required' | 'number' | 'integer' | 'min' | 'max' | 'minLength' | 'maxLength' | 'choice' | 'id'
  limit?: number
}

/** What a form begins with: the defaults. */
export function startValues(definitions: readonly ParameterDefinition[]): ParameterValues {
  return Object.fromEntries(
    definitions.map((each) => [each.name, ('default' in each ? each.default : null) ?? null]),
  )
}

/** What is wrong with each value, as far as a browser should say it: patterns are the server's (another dialect). */
export function problemsOf(
  definitions: readonly ParameterDefinition[],
  values: ParameterValues,
): Record<string, ValueProblem> {
  const found: Record<string, ValueProblem> = {}
  for (const definition of definitions) {
    const problem = problemOf(definition, values[definition.name] ?? null)
    if (problem) found[definition.name] = problem
  }
  return found
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

function problemOf(definition: ParameterDefinition, value: ParameterValue): ValueProblem | undefined {
  if (value === null || value === '') return definition.required ? { problem: 'required' } : undefined
  switch (definition.type) {
    case 'text':
    case 'secret':
      return lengthProblem(definition, String(value))
    case 'number':
      return numberProblem(definition, value)
    case 'choice':
      return definition.choices.includes(String(value)) ? undefined : { problem: 'choice' }
    case 'boolean':
      return undefined
    case 'target':
    case 'file':
      return ID.test(String(value)) ? undefined : { problem: 'id' }
  }
}

type WithLength = Extract<ParameterDefinition, { type: 'text' | 'secret' }>

function lengthProblem(definition: WithLength, value: string): ValueProblem | undefined {
  const length = [...value].length // as the server counts: characters, not halves of them
  const { min_length: min } = definition
  if (typeof min === 'number' && length < min) return { problem: 'minLength', limit: min }
  const max = definition.type === 'text' ? definition.max_length : undefined
  return typeof max === 'number' && length > max ? { problem: 'maxLength', limit: max } : undefined
}

function numberProblem(
  { min, max, integer }: Extract<ParameterDefinition, { type: 'number' }>,
  value: ParameterValue,
): ValueProblem | undefined {
  if (typeof value !== 'number' || !Number.isFinite(value)) return { problem: 'number' }
  if (integer && !Number.isInteger(value)) return { problem: 'integer' }
  if (typeof min === 'number' && value < min) return { problem: 'min', limit: min }
  if (typeof max === 'number' && value > max) return { problem: 'max', limit: max }
  return undefined
}

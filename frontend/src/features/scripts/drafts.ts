/** Definitions of parameters as a form holds them, and the way there and back. */
import type { ParameterDefinition } from '@/api/types'

export const parameterTypes = ['text', 'number', 'choice', 'boolean', 'secret', 'target', 'file'] as const
export type ParameterType = ParameterDefinition['type']

/** Everything that any type has, so that nothing is lost when somebody tries another type. */
export interface Draft {
  key: string
  type: ParameterType
  name: string
  label: string
  help: string
  required: boolean
  default: string
  min_length: number | ''
  max_length: number | ''
  pattern: string
  multiline: boolean
  min: number | ''
  max: number | ''
  integer: boolean
  choices: string[]
}

let drafts = 0

export function newDraft(change: Partial<Draft> = {}): Draft {
  drafts += 1
  return {
    key: `draft-${drafts}`,
    type: 'text',
    name: '',
    label: '',
    help: '',
    required: false,
    default: '',
    min_length: '',
    max_length: '',
    pattern: '',
    multiline: false,
    min: '',
    max: '',
    integer: false,
    choices: [],
    ...change,
  }
}

export function draftOf(definition: ParameterDefinition): Draft {
  const given = Object.entries(definition).filter(([, value]) => value !== null && value !== undefined)
  const preset = 'default' in definition ? definition.default : null
  return newDraft({
    ...Object.fromEntries(given),
    default: preset === null || preset === undefined ? '' : String(preset),
  })
}

export function definitionOf(draft: Draft): ParameterDefinition {
  const common = {
    name: draft.name.trim(),
    label: draft.label.trim(),
    help: draft.help.trim(),
    required: draft.required,
  }
  const preset = draft.default === '' ? null : draft.default
  switch (draft.type) {
    case 'text':
      return {
        ...common,
        type: 'text',
        default: preset,
        min_length: limit(draft.min_length),
        max_length: limit(draft.max_length),
        pattern: draft.pattern === '' ? null : draft.pattern,
        multiline: draft.multiline,
      }
    case 'number':
      return {
        ...common,
        type: 'number',
        default: preset === null ? null : Number(preset),
        min: limit(draft.min),
        max: limit(draft.max),
        integer: draft.integer,
      }
    case 'choice':
      return { ...common, type: 'choice', choices: draft.choices, default: preset }
    case 'boolean':
      return { ...common, type: 'boolean', default: preset === null ? null : preset === 'true' }
    case 'secret':
      return { ...common, type: 'secret', min_length: limit(draft.min_length) }
    case 'target':
    case 'file':
      return { ...common, type: draft.type, default: preset }
  }
}

function limit(value: number | ''): number | null {
  return value === '' ? null : value
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]{0,62}$/

export type DraftProblem = 'name' | 'twice' | 'choices'

/** What can be said without the server: the form of names, that they differ, that there is something to choose. */
export function draftProblem(draft: Draft, all: readonly Draft[]): DraftProblem | undefined {
  const name = draft.name.trim()
  if (!IDENTIFIER.test(name)) return 'name'
  if (all.some((other) => other !== draft && other.name.trim().toLowerCase() === name.toLowerCase()))
    return 'twice'
  if (draft.type === 'choice' && draft.choices.length === 0) return 'choices'
  return undefined
}

/** Where the server's word on a parameter belongs in the form: `parameters.0.text.name` is `parameters.0.name`. */
export function placeOf(field: string): string {
  const [, index, , name] = /^parameters\.(\d+)\.(\w+)\.(\w+)/.exec(field) ?? []
  if (index !== undefined && name !== undefined) return `parameters.${index}.${name}`
  // A rule over several fields of one parameter: told at its name.
  const [, whole] = /^parameters\.(\d+)/.exec(field) ?? []
  return whole === undefined ? (field.split('.')[0] ?? field) : `parameters.${whole}.name`
}

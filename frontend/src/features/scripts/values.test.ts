import { expect, test } from 'vitest'
import type { ParameterDefinition } from '@/api/types'
import { definitionOf, draftOf, draftProblem, newDraft, placeOf } from './drafts'
import { problemsOf, startValues } from './values'

const limit: ParameterDefinition = { type: 'number', name: 'LIMIT', min: 1, max: 10, integer: true }

test('a form begins with the defaults', () => {
  const definitions: ParameterDefinition[] = [
    limit,
    { type: 'boolean', name: 'ALL', default: false },
    { type: 'secret', name: 'TOKEN' },
    { type: 'text', name: 'WORD', default: 'hello' },
  ]

  expect(startValues(definitions)).toEqual({ LIMIT: null, ALL: false, TOKEN: null, WORD: 'hello' })
})

test.each<[ParameterDefinition, string | number | boolean | null, object | undefined]>([
  [{ type: 'text', name: 'A', required: true }, '', { problem: 'required' }],
  [{ type: 'text', name: 'A', required: true }, null, { problem: 'required' }],
  [{ type: 'boolean', name: 'A', required: true }, false, undefined],
  [{ type: 'number', name: 'A', required: true }, 0, undefined],
  [{ type: 'text', name: 'A', min_length: 3 }, '', undefined],
  [{ type: 'text', name: 'A', min_length: 3 }, 'ab', { problem: 'minLength', limit: 3 }],
  [{ type: 'text', name: 'A', max_length: 1 }, '💥', undefined],
  [{ type: 'secret', name: 'A', min_length: 8 }, 'short', { problem: 'minLength', limit: 8 }],
  [limit, 0, { problem: 'min', limit: 1 }],
  [limit, 11, { problem: 'max', limit: 10 }],
  [limit, 1.5, { problem: 'integer' }],
  [limit, Number.NaN, { problem: 'number' }],
  [{ type: 'choice', name: 'A', choices: ['eu'] }, 'us', { problem: 'choice' }],
  [{ type: 'target', name: 'A' }, 'web-1', { problem: 'id' }],
  [{ type: 'file', name: 'A' }, '01a20c06-c4c1-742b-b37f-ba80e5e35788', undefined],
])('%o given %o', (definition, value, problem) => {
  expect(problemsOf([definition], { [definition.name]: value })[definition.name]).toEqual(problem)
})

test.each<ParameterDefinition>([
  { ...limit, label: 'L', help: 'H', required: true, default: 0 },
  {
    type: 'text',
    name: 'A',
    label: '',
    help: '',
    required: false,
    default: null,
    min_length: 1,
    max_length: null,
    pattern: 'a+',
    multiline: true,
  },
  { type: 'choice', name: 'A', label: '', help: '', required: false, choices: ['eu', 'us'], default: 'us' },
  { type: 'boolean', name: 'A', label: '', help: '', required: false, default: false },
  { type: 'secret', name: 'A', label: '', help: '', required: true, min_length: null },
  { type: 'target', name: 'A', label: '', help: '', required: false, default: null },
])('%o survives the form', (definition) => {
  expect(definitionOf(draftOf(definition))).toEqual(definition)
})

test('names are identifiers, and no two are alike', () => {
  const first = newDraft({ name: 'REGION' })
  const second = newDraft({ name: 'region' })

  expect(draftProblem(first, [first])).toBeUndefined()
  expect(draftProblem(second, [first, second])).toBe('twice')
  expect(draftProblem(newDraft({ name: '1A' }), [])).toBe('name')
  expect(draftProblem(newDraft({ name: 'A', type: 'choice' }), [])).toBe('choices')
})

test.each([
  ['parameters.1.text.name', 'parameters.1.name'],
  ['parameters.0.choice.choices.2', 'parameters.0.choices'],
  ['parameters.2.number', 'parameters.2.name'],
  ['parameters', 'parameters'],
  ['content', 'content'],
  ['tags.0', 'tags'],
])('%s belongs to %s', (field, place) => {
  expect(placeOf(field)).toBe(place)
})

import { beforeAll, expect, test } from 'vitest'
import { ApiError, type FieldError } from '@/api/errors'
import { startI18n } from '@/app/i18n'
import { problemsOf, told } from './problems'
import { type ActionValues, emptyRun, newAction, type RunValues } from './values'

beforeAll(() => startI18n())

function withActions(...actions: Partial<ActionValues>[]): RunValues {
  return { ...emptyRun(), actions: actions.map((change) => ({ ...newAction(change.type), ...change })) }
}

test.each<[string, Partial<ActionValues>, string[]]>([
  ['a command', { command: ' ' }, ['command']],
  ['a script', { type: 'script' }, ['content']],
  ['a wait without a time', { type: 'wait', seconds: '' }, ['seconds']],
  ['a wait for a target', { type: 'wait', wait_for: 'reachable', timeout: 0 }, ['timeout']],
  ['exit codes', { command: 'x', expected_exit_codes: ['0', 'no'] }, ['expected_exit_codes']],
  ['another user', { command: 'x', become: true, become_user: '' }, ['become_user']],
  [
    'variables',
    {
      command: 'x',
      environment: [
        { name: '1A', value: '' },
        { name: 'B', value: '' },
        { name: 'B', value: '' },
      ],
    },
    ['environment.0.name', 'environment.2.name'],
  ],
])('%s that is not right is found at its field', (_, action, fields) => {
  const found = Object.keys(problemsOf(withActions({ command: 'fine' }, action)))

  expect(found).toEqual(fields.map((field) => `actions.1.${field}`))
})

test('one of two thresholds is not enough', () => {
  const checks = { ...newAction().checks, disk_percent: { warning: 90, critical: '' } }

  expect(Object.keys(problemsOf(withActions({ type: 'health_check', checks })))).toEqual([
    'actions.0.checks.disk_percent',
  ])
})

test('an amount is a number or a share', () => {
  const values = withActions({ command: 'x' })
  const problems = (batch_size: string) =>
    Object.keys(problemsOf({ ...values, strategy: { ...values.strategy, batch_size } }))

  expect(['', '3', '10000', '25%', '25 %', '100%', '0.5%'].flatMap(problems)).toEqual([])
  expect(['a', '-1', '3.5', '101%', '10001'].map(problems)).toEqual(Array(5).fill(['strategy.batch_size']))
})

test('what the API refuses is shown at the field that the form has for it', () => {
  const values = withActions(
    {
      command: 'x',
      environment: [
        { name: 'A', value: '' },
        { name: 'PATH', value: '/' },
      ],
    },
    { type: 'wait' },
    { type: 'health_check' },
  )
  const fields: [string, string][] = [
    ['actions.0.action_parameters.command', 'actions.0.command'],
    ['actions.0.command.action_parameters.timeout', 'actions.0.timeout'],
    ['actions.0.command.action_parameters.become.user', 'actions.0.become_user'],
    ['actions.0.command.action_parameters.environment.PATH', 'actions.0.environment.1.name'],
    ['actions.0.command.action_parameters.environment', 'actions.0.environment.0.name'],
    ['actions.1.wait.action_parameters', 'actions.1.seconds'],
    ['actions.2.health_check.action_parameters.disk_percent.critical', 'actions.2.checks.disk_percent'],
    ['actions.2.health_check.action_parameters.services.3', 'actions.2.services'],
    ['strategy.batch_size.constrained-str', 'strategy.batch_size'],
    ['target_ids', 'target_ids'],
  ]
  for (const [field, shown] of fields) {
    const errors: FieldError[] = [{ field, message: 'Value error, not so' }]
    expect(told(new ApiError(422, { errors }), values)).toEqual({ [shown]: 'not so' })
  }
})

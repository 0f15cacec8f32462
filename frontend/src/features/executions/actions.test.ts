import { beforeAll, expect, test } from 'vitest'
import { startI18n } from '@/app/i18n'
import { actionsOf, settingsOf } from './actions'

beforeAll(() => startI18n())

function shown(action_type: string, action_parameters: object, action_name?: string) {
  const [action] = actionsOf({ actions: [{ action_type, action_name, action_parameters }] })
  if (!action) throw new Error('no action')
  return action
}

test('an action is called by its name, else by what it does', () => {
  expect(shown('command', { command: '\nuptime\n' }, 'Execute Command').label).toBe('uptime')
  expect(shown('command', { command: 'uptime' }, 'Look').label).toBe('Look')
  expect(shown('script', { content: '#!/bin/sh\n# deploys\nset -e\ndeploy $1' }).label).toBe('deploy $1')
  expect(shown('wait', { seconds: 90 }).label).toBe('Wait 1 min 30 s')
  expect(shown('wait', { until: 'reachable' }).label).toBe('Wait until reachable')
})

test('only what was set is told', () => {
  expect(settingsOf(shown('command', { command: 'x', timeout: 30, expected_exit_codes: [0] }))).toEqual([])
  expect(
    settingsOf(
      shown('command', {
        command: 'x',
        timeout: 45,
        continue_on_failure: true,
        environment: { SECRETIVE: 'hidden', B: '' },
        become: { method: 'sudo', user: 'root' },
      }),
    ),
  ).toEqual([
    ['timeout', '45.0 s'],
    ['continue_on_failure', true],
    ['environment', 'SECRETIVE, B'],
    ['become_user', 'root'],
  ])
})

test('actions of another shape are shown as far as they go', () => {
  expect(actionsOf({ actions: [{}] })).toMatchObject([{ type: 'command', code: '', label: '' }])
})

import { expect, test } from 'vitest'
import type { NewExecution } from '@/api/types'
import { anExecution } from '@/testing/data'
import { emptyRun, executionOf, newAction, runOf } from './values'

const everything: NewExecution = {
  name: 'Patch',
  target_ids: ['id-web-1'],
  actions: [
    {
      action_type: 'command',
      action_name: 'Look',
      action_parameters: {
        command: 'ls',
        timeout: 45,
        retry_count: 2,
        idempotent: true,
        continue_on_failure: true,
        working_directory: '/srv',
        environment: { GREETING: "it's\ntwo lines" },
        become: { method: 'sudo', user: 'www' },
        expected_exit_codes: [0, 2],
      },
    },
    {
      action_type: 'script',
      action_parameters: {
        content: 'print(1)',
        interpreter: 'python3',
        arguments: ['a b', ''],
        timeout: 30,
        retry_count: 0,
      },
    },
    {
      action_type: 'file_transfer',
      action_parameters: {
        direction: 'upload',
        file_id: 'id-file',
        destination: '/etc/app.conf',
        mode: '0640',
        unpack: true,
        create_directories: true,
        timeout: 300,
        retry_count: 1,
      },
    },
    {
      action_type: 'file_transfer',
      action_parameters: {
        direction: 'upload',
        content: 'x',
        destination: 'x',
        timeout: 300,
        retry_count: 0,
      },
    },
    {
      action_type: 'file_transfer',
      action_parameters: {
        direction: 'download',
        path: '/var/log',
        recursive: true,
        timeout: 60,
        retry_count: 0,
      },
    },
    { action_type: 'wait', action_parameters: { seconds: 700, timeout: 760 } },
    { action_type: 'wait', action_parameters: { until: 'reachable', timeout: 300 } },
    {
      action_type: 'health_check',
      action_parameters: {
        timeout: 30,
        retry_count: 0,
        disk_percent: { warning: 80, critical: 95 },
        services: ['nginx.service'],
      },
    },
  ],
  strategy: {
    parallelism: 3,
    canary: 1,
    batch_size: '25%',
    pause_between_batches: true,
    max_failures: 0,
    order: 'name',
    target_seconds: 60,
    deadline_seconds: 3600,
    priority: 5,
  },
  mode: 'detached',
}

test('an execution comes back from the form as it went in', () => {
  const { name, actions, strategy, mode } = everything
  const earlier = anExecution('old', { name, actions: [...actions], strategy: { ...strategy }, mode })

  expect(executionOf(runOf(earlier), ['id-web-1'])).toEqual(everything)
})

test('what was left alone is not sent', () => {
  const values = { ...emptyRun(), actions: [{ ...newAction(), command: 'uptime' }] }

  expect(executionOf(values, ['id-a'])).toEqual({
    name: '',
    target_ids: ['id-a'],
    actions: [
      { action_type: 'command', action_parameters: { command: 'uptime', timeout: 30, retry_count: 0 } },
    ],
  })
})

test('a share may be written with a space, and a variable without name and value is none', () => {
  const values = emptyRun()
  values.strategy = { ...values.strategy, batch_size: '25 %' }
  values.actions = [{ ...newAction(), command: 'x', environment: [{ name: '', value: '' }] }]
  const wanted = executionOf(values, [])

  expect(wanted.strategy).toEqual({ batch_size: '25%' })
  expect(wanted.actions[0]?.action_parameters).not.toHaveProperty('environment')
})

import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Execution, Result } from '@/api/types'
import { axeFindings, openApp } from '@/testing/app'
import { anExecution, aResult, aStep, aViewer, page } from '@/testing/data'
import { FakeEventSource } from '@/testing/events'
import { refuse, server, signedInAs, tells } from '@/testing/server'

const twoActions = [
  { action_type: 'command', action_name: 'Execute Command', action_parameters: { command: 'echo aé' } },
  { action_type: 'script', action_name: 'Deploy', action_parameters: { content: 'deploy' } },
]
const paused = anExecution('rollout', {
  status: 'running',
  actions: twoActions,
  target_count: 3,
  counts: { completed: 1, scheduled: 2 },
  strategy: { batch_size: 1, pause_between_batches: true },
  batch_count: 3,
  current_batch: 1,
  paused_at: '2026-03-01T10:00:02Z',
  finished_at: null,
})

async function open(execution: Execution, ...results: Result[]) {
  tells('/executions/id-rollout', execution)
  tells('/executions/id-rollout/results', page(...results))
  const app = await openApp('/executions/id-rollout')
  await screen.findByRole('heading', { level: 1, name: 'rollout' })
  return app
}

/** Takes what is asked for below the execution; returns what was. */
function takes(path: string, answer: (body: unknown) => Response): unknown[] {
  const asked: unknown[] = []
  server.use(
    http.post(`*/api/v3/executions/id-rollout/${path}`, async ({ request }) => {
      const text = await request.text()
      asked.push(text ? JSON.parse(text) : null)
      return answer(asked.at(-1))
    }),
  )
  return asked
}

test('a pause between batches says which batch waits, and ends with a click', async () => {
  const resumed = takes('resume', () => HttpResponse.json({ ...paused, paused_at: null }))
  const { user } = await open(paused, aResult('web-1'))

  screen.getByText('Paused: batch 2 of 3 begins when somebody resumes')
  screen.getByRole('listitem', { name: 'Batch 1: 1 of 1 done' })
  const next = screen.getByRole('listitem', { name: 'Batch 2: 0 of 1 done' })
  expect(next.getAttribute('aria-current')).toBe('step')
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Resume' }))

  await screen.findByRole('button', { name: 'Pause' })
  expect(resumed).toHaveLength(1)
  expect(screen.queryByText(/^Paused/)).toBeNull()
})

test('what runs is paused, and a refusal is told', async () => {
  takes('pause', () => refuse(409, 'execution_ended', 'The execution has ended (completed).'))
  const { user } = await open({ ...paused, paused_at: null })

  await user.click(screen.getByRole('button', { name: 'Pause' }))

  await screen.findByText('The execution has ended (completed).')
})

test('why it stopped is said', async () => {
  await open(
    anExecution('rollout', {
      status: 'failed',
      counts: { failed: 3, skipped: 4 },
      stop_reason: 'failures',
      max_failures: 2,
    }),
  )

  screen.getByText('Stopped: more than 2 targets had failed')
})

const ended = anExecution('rollout', {
  status: 'failed',
  actions: twoActions,
  target_count: 4,
  counts: { completed: 1, failed: 1, timed_out: 1, lost: 1 },
})

async function chooseAgain(user: Awaited<ReturnType<typeof open>>['user'], name: RegExp) {
  await user.click(await screen.findByRole('button', { name: 'Run again' }))
  await user.click(await screen.findByRole('menuitem', { name }))
}

test('what failed runs again as a new execution, from the action that failed where that is wanted', async () => {
  const asked = takes('rerun', () => HttpResponse.json(anExecution('again'), { status: 202 }))
  const { user, address } = await open(ended)

  await chooseAgain(user, /^From the action that failed/)

  await waitFor(() => expect(address()).toBe('/executions/id-again'))
  expect(asked).toEqual([{ statuses: ['failed', 'unreachable', 'timed_out'], from_failed_action: true }])
})

test('what was lost runs again only when somebody says so', async () => {
  const question = 'On 1 of these targets the command may have run.'
  const asked = takes('rerun', (body) =>
    (body as { confirm_lost?: boolean }).confirm_lost
      ? HttpResponse.json(anExecution('again'), { status: 202 })
      : refuse(409, 'lost_needs_confirmation', question),
  )
  const { user, address } = await open(ended)

  await chooseAgain(user, /^Where the result was lost/)
  await screen.findByText(question)
  await user.click(screen.getByRole('button', { name: 'Run once more' }))

  await waitFor(() => expect(address()).toBe('/executions/id-again'))
  expect(asked).toEqual([{ statuses: ['lost'] }, { statuses: ['lost'], confirm_lost: true }])
})

test('it can be changed before it runs again, and the new one leads to the old', async () => {
  const { user } = await open({ ...ended, rerun_of: 'id-first' })

  expect(screen.getByRole('link', { name: 'an earlier execution' }).getAttribute('href')).toBe(
    '/executions/id-first',
  )
  await user.click(screen.getByRole('button', { name: 'Run again' }))
  const change = await screen.findByRole('menuitem', { name: 'Change it first…' })
  expect(change.getAttribute('href')).toBe('/run?again=id-rollout')
})

test('each action on a target is a step with the part of the output that is its own', async () => {
  const result = aResult('web-1', {
    status: 'failed',
    output_text: 'aédeployed\n',
    output_bytes: 12,
    error_text: 'oops',
    error_bytes: 4,
    steps: [
      aStep(0, { output: { start: 0, end: 3 } }),
      aStep(1, {
        name: 'Deploy',
        status: 'failed',
        exit_code: 3,
        attempts: 2,
        error_message: 'It did not work.',
        output: { start: 3, end: 12 },
        error: { start: 0, end: 4 },
      }),
    ],
  })
  const { user } = await open(ended, result)

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))
  const steps = await screen.findByRole('list', { name: 'Actions on web-1' })
  const [first, second] = within(steps).getAllByRole('listitem')
  if (!first || !second) throw new Error('there are no two steps')

  within(second).getByText('Failed')
  within(second).getByText('exit 3')
  within(second).getByText('2 attempts')
  within(second).getByText('It did not work.')
  within(second).getByText('deployed')
  within(second).getByText('oops')
  expect(within(first).queryByText('aé')).toBeNull()
  await user.click(within(first).getByRole('button', { name: 'Show what “echo aé” wrote on web-1' }))
  within(first).getByText('aé')
  expect(await axeFindings()).toEqual([])
})

test('output that the page can not count in bytes is asked for by its range', async () => {
  const ranges: (string | null)[] = []
  server.use(
    http.get('*/api/v3/executions/:id/results/:result/output', ({ request }) => {
      ranges.push(request.headers.get('range'))
      return new HttpResponse(new TextEncoder().encode('second'), { status: 206 })
    }),
  )
  const result = aResult('web-1', {
    status: 'failed',
    output_text: '\ufffdsecond', // one byte that was no text, and three when it is written again
    output_bytes: 7,
    steps: [
      aStep(0, { output: { start: 0, end: 1 } }),
      aStep(1, { status: 'failed', exit_code: 1, output: { start: 1, end: 7 } }),
    ],
  })
  const { user } = await open(ended, result)

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))

  await screen.findByText('second')
  expect(ranges).toEqual(['bytes=1-6'])
})

test('while it runs, a target shows what is done, what runs and what is to come', async () => {
  const { user } = await open({ ...paused, paused_at: null }, aResult('web-1', { status: 'running' }))

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))
  const steps = await screen.findByRole('list', { name: 'Actions on web-1' })
  const told = within(steps).getAllByText(/^(Running|Scheduled)$/)
  expect(told.map(({ textContent }) => textContent)).toEqual(['Running', 'Scheduled'])
})

test('the findings of a health check are a table', async () => {
  const checks = [
    { name: 'disk_percent', state: 'warning', value: 91, message: '/ is 91 % full.' },
    { name: 'service nginx.service', state: 'critical', value: 'failed', message: 'It is failed.' },
  ]
  const result = aResult('web-1', {
    status: 'failed',
    steps: [aStep(0, { type: 'health_check', status: 'failed', exit_code: 2, detail: { checks } })],
  })
  const health = [{ action_type: 'health_check', action_name: 'Check Health', action_parameters: {} }]
  const { user } = await open({ ...ended, actions: health }, result)

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))

  await screen.findByRole('row', { name: 'Fullest disk (%) Warning 91 / is 91 % full.' })
  screen.getByRole('row', { name: 'Service nginx.service Critical failed It is failed.' })
})

test('one target is cancelled alone, after a question', async () => {
  const running = aResult('web-1', { status: 'running' })
  const asked = takes('results/result-web-1/cancel', () =>
    HttpResponse.json({ ...running, cancel_requested_at: '2026-03-01T10:00:03Z' }, { status: 202 }),
  )
  const { user } = await open({ ...paused, paused_at: null }, running)

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))
  await user.click(await screen.findByRole('button', { name: 'Cancel on this target' }))
  expect(asked).toEqual([])
  await user.click(await screen.findByRole('button', { name: 'Cancel on web-1' }))

  await screen.findByRole('button', { name: 'Cancelling…' })
  expect(asked).toHaveLength(1)
})

test('who may only look is offered nothing that steers', async () => {
  server.use(signedInAs(aViewer))
  const { user } = await open(paused, aResult('web-1', { status: 'running' }))

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))

  for (const name of ['Pause', 'Resume', 'Cancel', 'Cancel on this target', 'Run again'])
    expect(screen.queryByRole('button', { name })).toBeNull()
})

test('a paused execution that goes on elsewhere is shown so at once', async () => {
  await open(paused)

  FakeEventSource.last.open()
  FakeEventSource.last.send('execution', { ...paused, paused_at: null })

  await screen.findByRole('button', { name: 'Pause' })
})

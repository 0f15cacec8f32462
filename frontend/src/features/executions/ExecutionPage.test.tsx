import { act, screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anExecution, aResult, aViewer, page } from '@/testing/data'
import { FakeEventSource } from '@/testing/events'
import { refuses, server, signedInAs, tells } from '@/testing/server'

const running = anExecution('uptime', {
  status: 'running',
  counts: { scheduled: 2 },
  finished_at: null,
})

async function openRunning() {
  tells('/executions/id-uptime', running)
  tells('/executions/id-uptime/results', page(aResult('web-1'), aResult('db-1')))
  const app = await openApp('/executions/id-uptime')
  await screen.findByRole('button', { name: 'Show the output of web-1' })
  FakeEventSource.last.open()
  return app
}

function rowOf(target: string): HTMLElement {
  const row = screen.getByRole('button', { name: `Show the output of ${target}` }).closest('tr')
  if (!row) throw new Error(`${target} has no row`)
  return row
}

test('what the stream tells is shown at once: a result in its row, the counts, and the end', async () => {
  await openRunning()
  expect(FakeEventSource.last.url).toBe('/api/v3/executions/id-uptime/events')
  screen.getByText('0 of 2 done')
  screen.getByText('Live')

  const good = aResult('web-1', {
    status: 'completed',
    exit_code: 0,
    output_text: 'up 3 days\n',
    output_bytes: 10,
  })
  FakeEventSource.last.send('result', good)
  FakeEventSource.last.send('execution', { ...running, counts: { completed: 1, running: 1 } })

  await screen.findByText('1 of 2 done')
  await within(rowOf('web-1')).findByText('Completed')
  within(rowOf('web-1')).getByText('up 3 days')

  const bad = aResult('db-1', { status: 'unreachable', error_message: 'The host did not answer.' })
  tells('/executions/id-uptime/results', page(good, bad))
  FakeEventSource.last.send('result', bad)
  FakeEventSource.last.send('execution', {
    ...running,
    status: 'failed',
    counts: { completed: 1, unreachable: 1 },
    finished_at: '2026-03-01T10:00:04Z',
  })

  await screen.findByText('2 of 2 done')
  await within(rowOf('db-1')).findByText('The host did not answer.')
  expect(screen.getAllByRole('status')[0]?.textContent).toBe('Failed')
  expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull()
  expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED)
})

test('a list that was asked for before the end does not stand when it comes after it', async () => {
  const done = { ...running, status: 'completed', counts: { completed: 1 } } as const
  let late = () => {}
  let asked = 0
  tells('/executions/id-uptime', running)
  server.use(
    http.get('*/api/v3/executions/id-uptime/results', async () => {
      asked += 1
      if (asked > 1) return HttpResponse.json(page(aResult('web-1', { status: 'completed', exit_code: 0 })))
      await new Promise<void>((resolve) => {
        late = resolve
      })
      return HttpResponse.json(page(aResult('web-1', { status: 'scheduled' })))
    }),
  )
  await openApp('/executions/id-uptime')
  await waitFor(() => expect(asked).toBe(1))
  FakeEventSource.last.open()
  FakeEventSource.last.send('result', aResult('web-1', { status: 'completed', exit_code: 0 }))
  FakeEventSource.last.send('execution', done)
  late()

  await within(await screen.findByRole('table', { name: 'Results' })).findByText('Completed')
  expect(asked).toBe(2)
})

test('a row opens to what the command wrote, with colours but without control characters', async () => {
  const result = aResult('web-1', {
    status: 'failed',
    exit_code: 3,
    output_text: '\u001b[31mred\u001b[0m and plain\n',
    output_bytes: 90_000,
    output_truncated: true,
    error_text: 'oops\n',
    error_bytes: 5,
  })
  tells(
    '/executions/id-uptime',
    anExecution('uptime', { status: 'failed', counts: { failed: 1 }, target_count: 1 }),
  )
  tells('/executions/id-uptime/results', page(result))
  const { user, address } = await openApp('/executions/id-uptime')

  await user.click(await screen.findByRole('button', { name: 'Show the output of web-1' }))

  const red = await screen.findByText('red')
  expect(red.closest('pre')?.textContent).toBe('red and plain\n')
  expect(red.style.color).toBe('var(--oc-ansi-1)')
  screen.getByText(/Only the first .* of 88 KiB are shown/)
  const download = screen.getByRole('link', { name: 'Download standard error of web-1' })
  expect(download.getAttribute('href')).toBe(
    '/api/v3/executions/id-uptime/results/result-web-1/output?stream=stderr',
  )
  expect(address()).toBe('/executions/id-uptime?result=result-web-1')
  expect(FakeEventSource.all).toEqual([])
  expect(await axeFindings()).toEqual([])
})

test('cancelling asks first, then says that it was asked for', async () => {
  const cancelled: string[] = []
  server.use(
    http.post('*/api/v3/executions/:id/cancel', ({ params }) => {
      cancelled.push(String(params.id))
      return HttpResponse.json({ ...running, cancel_requested_at: '2026-03-01T10:00:02Z' }, { status: 202 })
    }),
  )
  const { user } = await openRunning()

  await user.click(screen.getByRole('button', { name: 'Cancel' }))
  expect(cancelled).toEqual([])
  await user.click(await screen.findByRole('button', { name: 'Cancel the execution' }))

  await screen.findByRole('button', { name: 'Cancelling…' })
  expect(cancelled).toEqual(['id-uptime'])
})

test('a stream that breaks off says so, and what it tells afterwards counts', async () => {
  await openRunning()

  FakeEventSource.last.break(FakeEventSource.CONNECTING)
  screen.getByText('Connecting again…')
  FakeEventSource.last.open()
  FakeEventSource.last.send('snapshot', { ...running, counts: { completed: 2 } })

  screen.getByText('Live')
  await screen.findByText('2 of 2 done')
})

test('the counts are the filter of the results', async () => {
  const asked: (string | null)[] = []
  tells(
    '/executions/id-uptime',
    anExecution('uptime', { status: 'failed', counts: { completed: 1, failed: 1 } }),
  )
  server.use(
    http.get('*/api/v3/executions/:id/results', ({ request }) => {
      asked.push(new URL(request.url).searchParams.get('status'))
      return HttpResponse.json(page(aResult('web-1', { status: 'failed' })))
    }),
  )
  const { user, address } = await openApp('/executions/id-uptime')

  await user.click(await screen.findByRole('button', { name: 'Failed 1' }))

  await waitFor(() => expect(asked).toEqual([null, 'failed']))
  expect(address()).toBe('/executions/id-uptime?status=failed')
})

test('an execution that is not there is said in the words of the server', async () => {
  refuses('/executions/id-gone', 404, 'execution_not_found', 'There is no execution with this id.')

  await openApp('/executions/id-gone')

  await screen.findByText('There is no execution with this id.')
})

test('who may only look can neither cancel nor run again', async () => {
  server.use(signedInAs(aViewer))

  await openRunning()

  expect(screen.queryByRole('button', { name: 'Cancel' })).toBeNull()
  expect(screen.queryByRole('link', { name: 'Run again' })).toBeNull()
})

test('leaving the page ends the stream', async () => {
  const { router } = await openRunning()

  await act(() => router.navigate({ to: '/executions' }))

  await waitFor(() => expect(FakeEventSource.last.readyState).toBe(FakeEventSource.CLOSED))
})

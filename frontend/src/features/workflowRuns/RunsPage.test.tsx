import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anExecution, aRun, aRunStep, aViewer, aWorkflow, page } from '@/testing/data'
import { server, signedInAs, tells } from '@/testing/server'

test('without any run the page says where they come from', async () => {
  await openApp('/workflows/runs')

  await screen.findByText('No flow has run yet')
  expect(await axeFindings()).toEqual([])
})

test('runs tell what started them and why they failed', async () => {
  tells(
    '/workflow-executions',
    page(
      aRun('Nightly'),
      aRun('Hook', { cause: 'http', cause_detail: 'POST /hooks/deploy' }),
      aRun('Patching', {
        cause: 'inject',
        started_by: 'olaf',
        status: 'failed',
        error_message: 'The command failed on 1 of 3 targets.',
      }),
    ),
  )

  await openApp('/workflows/runs')

  const rows = await screen.findAllByRole('row')
  within(rows[1] as HTMLElement).getByText('every night (inject)')
  within(rows[2] as HTMLElement).getByText('POST /hooks/deploy')
  within(rows[3] as HTMLElement).getByText('olaf')
  within(rows[3] as HTMLElement).getByText('The command failed on 1 of 3 targets.')
})

test('the filter for a flow is asked of the API and stands in the address', async () => {
  const asked: string[] = []
  tells('/workflows', page(aWorkflow('Patching')))
  server.use(
    http.get('*/api/v3/workflow-executions', ({ request }) => {
      asked.push(new URL(request.url).searchParams.get('flow_id') ?? '')
      return HttpResponse.json(page())
    }),
  )
  const { user, router } = await openApp('/workflows/runs')

  await user.click(await screen.findByRole('button', { name: 'Filter by Flow' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Patching' }))

  await screen.findByText('Nothing matches these filters')
  expect(asked.at(-1)).toBe('flow-Patching')
  expect(router.state.location.search).toEqual({ flow: 'flow-Patching' })
})

test('a run shows its steps, its error and its executions', async () => {
  tells(
    '/workflow-executions/run-Patching',
    aRun('Patching', {
      status: 'failed',
      error_message: 'The disk is full.',
      error_node_id: 'node-Clean up',
      steps: [
        aRunStep('Select', { messages: 3 }),
        aRunStep('Clean up', {
          status: 'failed',
          errors: 1,
          error_message: 'The disk is full.',
          execution_ids: ['execution-1'],
        }),
      ],
    }),
  )
  tells('/executions', page(anExecution('Patch all')))

  await openApp('/workflows/runs/run-Patching')

  await screen.findByText('Clean up failed')
  const steps = screen.getAllByRole('listitem').map(({ textContent }) => textContent)
  expect(steps.some((text) => text?.includes('Select') && text.includes('3 messages'))).toBe(true)
  expect(steps.some((text) => text?.startsWith('FailedClean up') && text.includes('1 error'))).toBe(true)
  const its = screen.getByRole('link', { name: 'its execution' })
  expect(its.getAttribute('href')).toBe('/executions/execution-1')
  await screen.findByText('Patch all')
  expect(screen.queryByRole('button', { name: 'Cancel the run' })).toBeNull()
  expect(await axeFindings()).toEqual([])
})

test('a run that a request started says which one, and by which secret of the hook', async () => {
  const cause = {
    cause: 'http',
    cause_detail: 'POST /hooks/deploy',
    started_by: 'token opsc_hook_Ab3xYz…',
  } as const
  tells('/workflow-executions/run-Hook', aRun('Hook', cause))

  await openApp('/workflows/runs/run-Hook')

  await screen.findByText('POST /hooks/deploy')
  screen.getByText('token opsc_hook_Ab3xYz…')
})

test('executions that end later than their run are looked at until they have ended', async () => {
  tells('/workflow-executions/run-Patching', aRun('Patching', { status: 'cancelled', execution_count: 1 }))
  tells('/executions', page(anExecution('Patch all', { status: 'running', finished_at: null })))
  await openApp('/workflows/runs/run-Patching')
  const row = (await screen.findByText('Patch all')).closest('tr') as HTMLElement
  within(row).getByText('Running')

  tells('/executions', page(anExecution('Patch all', { status: 'cancelled' })))

  await within(row).findByText('Cancelled', undefined, { timeout: 3_000 })
})

test('a run that goes on can be cancelled, after a question', async () => {
  const run = aRun('Patching', { status: 'running', completed_at: null })
  tells('/workflow-executions/run-Patching', run)
  server.use(
    http.post('*/api/v3/workflow-executions/run-Patching/cancel', () =>
      HttpResponse.json({ ...run, cancel_requested_at: run.started_at, cancelled_by: 'ada' }),
    ),
  )
  const { user } = await openApp('/workflows/runs/run-Patching')

  await user.click(await screen.findByRole('button', { name: 'Cancel the run' }))
  const dialog = await screen.findByRole('dialog')
  await user.click(within(dialog).getByRole('button', { name: 'Cancel the run' }))

  await screen.findByRole('button', { name: 'Cancelling…' })
})

test('who may only look is not offered to cancel', async () => {
  server.use(signedInAs(aViewer))
  tells('/workflow-executions/run-Patching', aRun('Patching', { status: 'running', completed_at: null }))

  await openApp('/workflows/runs/run-Patching')

  await screen.findByText('Nothing happened in it yet.')
  expect(screen.queryByRole('button', { name: 'Cancel the run' })).toBeNull()
})

test('a run that is not there any more says so', async () => {
  server.use(
    http.get('*/api/v3/workflow-executions/gone', () =>
      HttpResponse.json(
        {
          detail: 'There is no run with this id; old ones are deleted after some time.',
          code: 'run_not_found',
        },
        { status: 404 },
      ),
    ),
  )

  await openApp('/workflows/runs/gone')

  await screen.findByText('There is no run with this id; old ones are deleted after some time.')
})

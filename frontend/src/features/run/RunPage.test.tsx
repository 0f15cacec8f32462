import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import {
  aFile,
  anExecution,
  aPreview,
  aResult,
  aScript,
  aScriptRow,
  aTarget,
  aViewer,
  page,
} from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

interface Sent {
  key: string | null
  body: unknown
}

/** Takes what is to be run, after as many failures as wanted; returns what was sent. */
function takesRuns(...answers: (() => Response)[]): Sent[] {
  const sent: Sent[] = []
  server.use(
    http.post('*/api/v3/executions', async ({ request }) => {
      sent.push({ key: request.headers.get('idempotency-key'), body: await request.json() })
      const answer = answers.shift()
      return answer ? answer() : HttpResponse.json(anExecution('uptime'), { status: 202 })
    }),
  )
  return sent
}

test('a command runs on the chosen targets, and its execution is shown', async () => {
  tells('/targets', page(aTarget('web-1'), aTarget('db-1')))
  const sent = takesRuns()
  const { user, address } = await openApp('/run')

  await user.click(await screen.findByRole('checkbox', { name: 'Select web-1' }))
  await user.click(screen.getByRole('checkbox', { name: 'Select db-1' }))
  await user.type(screen.getByRole('textbox', { name: 'Command' }), 'uptime')
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Run on 2 targets' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(address()).toBe('/executions/id-uptime')
  expect(sent[0]?.key).toMatch(/^[\x21-\x7e]{8,200}$/)
  expect(sent[0]?.body).toEqual({
    name: '',
    target_ids: ['id-web-1', 'id-db-1'],
    actions: [
      { action_type: 'command', action_parameters: { command: 'uptime', timeout: 30, retry_count: 0 } },
    ],
  })
})

const silence = () => HttpResponse.error()

test('nothing is sent without a command and a target', async () => {
  const sent = takesRuns()
  const { user } = await openApp('/run')

  await user.click(await screen.findByRole('button', { name: 'Run' }))

  await screen.findByText('Choose at least one target.')
  screen.getByText('This is needed.')
  expect(sent).toEqual([])
})

test('trying again after silence keeps the key, so that nothing runs twice; another command has another key', async () => {
  const sent = takesRuns(silence, silence)
  const { user } = await openApp('/run?targets=id-web-1')
  const command = await screen.findByRole('textbox', { name: 'Command' })

  await user.type(command, 'uptime')
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))
  await screen.findByText(/OpsConductor does not answer/)
  await user.type(command, ' -p')
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))
  await screen.findByText(/OpsConductor does not answer/)
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(sent).toHaveLength(3)
  expect(sent[1]?.key).not.toBe(sent[0]?.key)
  expect(sent[2]?.key).toBe(sent[1]?.key)
})

test('what the API refuses is shown at its field', async () => {
  takesRuns(() =>
    refuse(422, 'invalid', 'Some fields are not right.', [
      { field: 'actions.0.action_parameters.timeout', message: 'too long for this installation' },
      { field: 'target_ids', message: 'no target has the id id-gone' },
    ]),
  )
  const { user } = await openApp('/run?targets=id-gone')

  await user.type(await screen.findByRole('textbox', { name: 'Command' }), 'uptime')
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByText('Some fields are not right.')
  screen.getByText('too long for this installation')
  screen.getByText('no target has the id id-gone')
})

test('all that match are chosen, page after page', async () => {
  server.use(
    http.get('*/api/v3/targets', ({ request }) => {
      const second = new URL(request.url).searchParams.get('cursor') === 'two'
      return HttpResponse.json({
        items: second ? [aTarget('db-1')] : [aTarget('web-1')],
        total: 2,
        next_cursor: second ? null : 'two',
      })
    }),
  )
  const { user } = await openApp('/run')

  await user.click(await screen.findByRole('button', { name: 'Choose all 2 that match' }))

  await screen.findByRole('button', { name: 'Run on 2 targets' })
})

test('running again begins with what the earlier execution ran, and where', async () => {
  tells('/executions/id-old', anExecution('old', { name: 'Uptime of all' }))
  tells('/executions/id-old/results', page(aResult('web-1'), aResult('db-1')))
  tells('/targets', page(aTarget('web-1'), aTarget('db-1')))

  await openApp('/run?again=id-old')

  await screen.findByRole('button', { name: 'Run on 2 targets' })
  expect(screen.getByRole<HTMLTextAreaElement>('textbox', { name: 'Command' }).value).toBe('uptime')
  screen.getByText('Time limit 45.0 s · Further attempts 1')
  expect(screen.getByLabelText<HTMLInputElement>(/^Name/).value).toBe('Uptime of all')
})

test('who may not run is told so', async () => {
  server.use(signedInAs(aViewer))

  await openApp('/run')

  await screen.findByRole('heading', { name: 'Your role does not allow this' })
  expect(screen.queryByRole('link', { name: 'Run' })).toBeNull()
})

const bodyOf = (sent: Sent | undefined) => sent?.body as Record<string, unknown> | undefined

test('several actions are put in order and sent in it', async () => {
  const sent = takesRuns()
  const { user } = await openApp('/run?targets=id-web-1')

  await user.type(await screen.findByRole('textbox', { name: 'Command' }), 'two')
  await user.click(screen.getByRole('button', { name: 'Add an action' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Script' }))
  const second = await screen.findByRole('group', { name: 'Action 2' })
  await user.type(within(second).getByRole('textbox', { name: 'Script' }), 'echo $1')
  await user.click(within(second).getByRole('button', { name: 'Add an argument' }))
  await user.type(within(second).getByRole('textbox', { name: 'Argument 1' }), 'a b')
  expect(await axeFindings()).toEqual([])
  await user.keyboard('{Alt>}{ArrowUp}{/Alt}')
  expect(document.activeElement).toBe(screen.getByRole('textbox', { name: 'Argument 1' }))
  screen.getByText('This is action 1 now.')
  await user.click(screen.getByRole('button', { name: 'Duplicate action 2' }))
  await user.click(await screen.findByRole('button', { name: 'Remove action 3' }))
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(bodyOf(sent[0])?.actions).toEqual([
    {
      action_type: 'script',
      action_parameters: { content: 'echo $1', arguments: ['a b'], timeout: 30, retry_count: 0 },
    },
    { action_type: 'command', action_parameters: { command: 'two', timeout: 30, retry_count: 0 } },
  ])
})

test('what the API refuses of the second action is shown there, even where it is folded away', async () => {
  tells(
    '/executions/id-old',
    anExecution('old', {
      actions: [
        { action_type: 'command', action_parameters: { command: 'one' } },
        { action_type: 'command', action_parameters: { command: 'two' } },
      ],
    }),
  )
  takesRuns(() =>
    refuse(422, 'invalid_request', 'The request is not valid.', [
      {
        field: 'actions.1.command.action_parameters.working_directory',
        message: 'Value error, must not contain the NUL character',
      },
    ]),
  )
  tells('/executions/id-old/results', page(aResult('web-1')))
  const { user } = await openApp('/run?again=id-old')

  await user.click(await screen.findByRole('button', { name: 'Run on 1 target' }))

  const second = await screen.findByRole('group', { name: 'Action 2' })
  await within(second).findByText('must not contain the NUL character')
  within(second).getByRole('textbox', { name: 'Working directory' })
})

test('options say how the work goes through the targets', async () => {
  const sent = takesRuns()
  const { user } = await openApp('/run?targets=id-web-1')

  await user.type(await screen.findByRole('textbox', { name: 'Command' }), 'uptime')
  await user.click(screen.getByRole('button', { name: 'Options' }))
  await user.type(screen.getByRole('textbox', { name: 'Batch size' }), 'some')
  await user.type(screen.getByRole('textbox', { name: 'Failures allowed' }), '0')
  await user.click(screen.getByRole('switch', { name: /^Pause between batches/ }))
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))
  await screen.findByText('A whole number, or a share such as 25%.')
  expect(sent).toEqual([])
  await user.clear(screen.getByRole('textbox', { name: 'Batch size' }))
  await user.type(screen.getByRole('textbox', { name: 'Batch size' }), '25%')
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(bodyOf(sent[0])?.strategy).toEqual({
    batch_size: '25%',
    max_failures: 0,
    pause_between_batches: true,
  })
})

test('what is run from a preview is what was looked at; when that has changed, a new one is offered', async () => {
  const hashes = ['a'.repeat(64), 'b'.repeat(64)]
  server.use(
    http.post('*/api/v3/executions/preview', () =>
      HttpResponse.json(aPreview({ sha256: hashes.shift() ?? '' })),
    ),
  )
  const sent = takesRuns(() => refuse(409, 'preview_outdated', 'Something has changed since the preview.'))
  const { user } = await openApp('/run?targets=id-web-1,id-db-1')

  await user.type(await screen.findByRole('textbox', { name: 'Command' }), 'uptime')
  await user.click(screen.getByRole('button', { name: 'Preview' }))
  const drawer = await screen.findByRole('dialog')
  within(drawer).getByText('2, of 1, 1 targets')
  within(drawer).getByText('at most 2 here, at most 5 with the credential')
  within(drawer).getByText('The target has no credential; choose one for it.')
  within(drawer).getByText('Nothing would run on 1 target; its row says why.')
  expect(await axeFindings()).toEqual([])
  await user.click(within(drawer).getByRole('button', { name: 'Run on 1 target' }))
  await user.click(await within(drawer).findByRole('button', { name: 'Look at a new preview' }))
  await user.click(await within(drawer).findByRole('button', { name: 'Run on 1 target' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(sent.map((one) => bodyOf(one)?.preview_sha256)).toEqual(['a'.repeat(64), 'b'.repeat(64)])
})

test('where too much is under way, what to do is said', async () => {
  takesRuns(() => refuse(429, 'too_many_executions', 'You have 20 executions under way; try again later.'))
  const { user } = await openApp('/run?targets=id-web-1')

  await user.type(await screen.findByRole('textbox', { name: 'Command' }), 'uptime')
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByText('You have 20 executions under way; try again later.')
  screen.getByRole('link', { name: 'See what runs' })
})

test('a script is run from its page, with the file it asks for', async () => {
  const script = aScript('install', { parameters: [{ type: 'file', name: 'CONFIG', required: true }] })
  tells('/scripts/:id', script)
  tells('/scripts', page(aScriptRow('another')))
  tells('/targets', page(aTarget('web-1')))
  tells('/files', page(aFile('app.conf', { id: 'f-1' })))
  const sent = takesRuns()
  const { user } = await openApp('/scripts/id-install')

  await user.click(await screen.findByRole('link', { name: 'Run this script' }))
  await screen.findByDisplayValue('install')
  await user.click(await screen.findByRole('checkbox', { name: 'Select web-1' }))
  await user.click(await screen.findByRole('combobox', { name: 'CONFIG' }))
  await user.click(await screen.findByRole('option', { name: 'app.conf' }))
  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(bodyOf(sent[0])?.values).toEqual({ CONFIG: 'f-1' })
  expect(bodyOf(sent[0])?.actions).toMatchObject([
    { action_type: 'script', action_parameters: { script_id: 'id-install' } },
  ])
})

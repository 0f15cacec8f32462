import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { ScriptDiff, ScriptVersion } from '@/api/types'
import { axeFindings, openApp } from '@/testing/app'
import { aScript, aScriptRow, aViewer, page } from '@/testing/data'
import { refuse, refuses, server, signedInAs, tells } from '@/testing/server'

const LONG = 30_000 // ms; a whole form is filled in, and axe goes through it
const SAVED = { notes: [] as string[] }

function aVersion(version: number, change: Partial<ScriptVersion> = {}): ScriptVersion {
  return {
    version,
    name: 'backup',
    message: '',
    size: 7,
    sha256: 'f'.repeat(64),
    author_name: 'ada',
    created_at: '2026-03-01T10:00:00Z',
    ...change,
  }
}

/** The field of the text, found by its label: to look for it by role takes seconds in a form of this size. */
function field() {
  return screen.findByLabelText<HTMLTextAreaElement>(/^Script/, { selector: 'textarea' })
}

async function write(text: string) {
  fireEvent.change(await field(), { target: { value: text } })
}

test('scripts are listed with what they ask for', async () => {
  const parameters = [{ type: 'text' as const, name: 'A' }]
  tells('/scripts', page(aScriptRow('backup', { parameters, tags: ['nightly'], version: 7 })))
  await openApp('/scripts')

  const row = within(await screen.findByRole('row', { name: /backup/ }))
  row.getByText('1 parameter')
  row.getByText('nightly')
  row.getByText('7')
  expect(await axeFindings()).toEqual([])
})

test('where there are none, an example is something to begin with', { timeout: LONG }, async () => {
  const sent: Record<string, unknown>[] = []
  server.use(
    http.post('*/api/v3/scripts', async ({ request }) => {
      sent.push((await request.json()) as Record<string, unknown>)
      return HttpResponse.json({ ...aScript('check disk space'), ...SAVED }, { status: 201 })
    }),
  )
  tells('/scripts/:id', aScript('check disk space'))
  const { user, address } = await openApp('/scripts')

  await user.click(await screen.findByRole('link', { name: 'Start from an example' }))
  expect((await field()).value).toContain('df -P')
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Add script' }))

  await screen.findByText('check disk space added')
  expect(sent[0]).toMatchObject({ name: 'check disk space', interpreter: 'sh', tags: ['disk'] })
  expect(sent[0]?.parameters).toMatchObject([
    { type: 'number', name: 'LIMIT', default: 90, max: 100 },
    { type: 'boolean', name: 'LOCAL_ONLY', default: true },
  ])
  expect(address()).toMatch(/^\/scripts\/id-check/)
})

test('a parameter is added with its type and limits, and sent as that', { timeout: LONG }, async () => {
  const sent: Record<string, unknown>[] = []
  server.use(
    http.post('*/api/v3/scripts', async ({ request }) => {
      sent.push((await request.json()) as Record<string, unknown>)
      return refuse(422, 'invalid_request', 'The request is not valid.', [
        { field: 'parameters.0.choice.name', message: 'PATH has a meaning of its own' },
      ])
    }),
  )
  const { user } = await openApp('/scripts/new')

  await user.type(await screen.findByLabelText(/^Name/), 'deploy')
  await write('echo "$REGION"')
  await user.click(screen.getByRole('button', { name: 'Add parameter' }))
  await user.click(screen.getByRole('button', { name: 'Add script' }))
  await screen.findByText(/Letters, digits and underscores/)
  await user.type(screen.getByLabelText(/^Variable/), 'PATH')
  await user.click(screen.getByRole('combobox', { name: 'Type' }))
  await user.click(await screen.findByRole('option', { name: 'Choice' }))
  await user.type(screen.getByRole('combobox', { name: 'Choices' }), 'eu{Enter}us{Enter}')
  await user.click(screen.getByRole('switch', { name: 'Needed' }))
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Add script' }))

  await screen.findByText('PATH has a meaning of its own')
  expect(sent[0]?.parameters).toEqual([
    {
      type: 'choice',
      name: 'PATH',
      label: '',
      help: '',
      required: true,
      choices: ['eu', 'us'],
      default: null,
    },
  ])
})

test('parameters are moved and taken away', async () => {
  tells(
    '/scripts/:id',
    aScript('backup', {
      parameters: [
        { type: 'text', name: 'A' },
        { type: 'secret', name: 'B' },
      ],
    }),
  )
  const { user } = await openApp('/scripts/id-backup')
  const names = () => screen.getAllByLabelText<HTMLInputElement>(/^Variable/).map(({ value }) => value)

  await user.click(await screen.findByRole('button', { name: 'Move B up' }))
  expect(names()).toEqual(['B', 'A'])
  await user.click(screen.getByRole('button', { name: 'Remove B' }))

  expect(names()).toEqual(['A'])
})

test('a change names the version it was made from, and its notes are told', async () => {
  const sent: Record<string, unknown>[] = []
  tells('/scripts/:id', aScript('backup', { version: 4 }))
  server.use(
    http.patch('*/api/v3/scripts/:id', async ({ request }) => {
      sent.push((await request.json()) as Record<string, unknown>)
      return HttpResponse.json({ ...aScript('backup', { version: 5 }), notes: ['CRLF became LF.'] })
    }),
  )
  const { user } = await openApp('/scripts/id-backup')

  await write('df -h\n')
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('backup saved as version 5')
  await screen.findByText('CRLF became LF.')
  expect(sent[0]).toMatchObject({ based_on: 4, content: 'df -h\n' })
})

test('who comes second keeps their text, and saves it on purpose', async () => {
  const sent: Record<string, unknown>[] = []
  tells('/scripts/:id', aScript('backup', { version: 1 }))
  server.use(
    http.patch('*/api/v3/scripts/:id', async ({ request }) => {
      const body = (await request.json()) as Record<string, unknown>
      sent.push(body)
      if (body.based_on !== 2) return refuse(409, 'script_changed_meanwhile', 'dora has saved version 2.')
      return HttpResponse.json({ ...aScript('backup', { version: 3 }), ...SAVED })
    }),
  )
  const { user } = await openApp('/scripts/id-backup')

  await write('mine')
  tells('/scripts/:id', aScript('backup', { version: 2, content: 'theirs' }))
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await screen.findByText('dora has saved version 2.')
  expect((await field()).value).toBe('mine')
  await user.click(screen.getByRole('button', { name: 'Save mine as the next version' }))

  await screen.findByText('backup saved as version 3')
  expect(sent.map(({ based_on, content }) => [based_on, content])).toEqual([
    [1, 'mine'],
    [2, 'mine'],
  ])
})

test('unsaved text is not left behind without a question', async () => {
  tells('/scripts/:id', aScript('backup'))
  const { user, address } = await openApp('/scripts/id-backup')

  await write('not saved')
  await user.click(screen.getByRole('link', { name: 'Overview' }))
  await user.click(await screen.findByRole('button', { name: 'Stay' }))
  expect(address()).toBe('/scripts/id-backup')
  await user.click(screen.getByRole('link', { name: 'Overview' }))
  await user.click(await screen.findByRole('button', { name: 'Leave' }))

  await waitFor(() => expect(address()).toBe('/'), { timeout: 5_000 })
})

test('a version shows what it changed, and is restored once that is confirmed', {
  timeout: LONG,
}, async () => {
  const sent: unknown[] = []
  const diff: ScriptDiff = {
    from_version: 1,
    to_version: 2,
    fields: [{ field: 'timeout', before: 300, after: 60 }],
    lines: [
      { kind: 'removed', old: 1, new: null, text: 'uptime' },
      { kind: 'added', old: null, new: 1, text: 'df -h' },
    ],
    complete: true,
  }
  tells('/scripts/:id', aScript('backup', { version: 3 }))
  tells('/scripts/:id/versions', page(aVersion(3), aVersion(2, { message: 'free space' }), aVersion(1)))
  tells('/scripts/:id/diff', diff)
  server.use(
    http.post('*/api/v3/scripts/:id/versions/:version/restore', async ({ request, params }) => {
      sent.push([params.version, await request.json()])
      return HttpResponse.json({ ...aScript('backup', { version: 4 }), ...SAVED })
    }),
  )
  const { user } = await openApp('/scripts/id-backup?view=versions')

  await user.click(await screen.findByRole('button', { name: 'Version 2' }))
  const lines = within(await screen.findByRole('region', { name: /^Differences/ }))
  lines.getByRole('row', { name: /removed uptime/ })
  lines.getByRole('row', { name: /added df -h/ })
  screen.getByText('300')
  expect(await axeFindings()).toEqual([])
  tells('/scripts/:id', aScript('backup', { version: 4, content: 'restored' }))
  await user.click(screen.getByRole('button', { name: 'Restore this version' }))
  await user.click(
    within(await screen.findByRole('dialog')).getByRole('button', { name: 'Restore this version' }),
  )

  await screen.findByText('Version 2 is the present one again')
  expect(sent).toEqual([['2', { based_on: 3 }]])
  await user.click(screen.getByRole('radio', { name: 'Script' }))
  await waitFor(async () => expect((await field()).value).toBe('restored'))
})

test('a script is deleted once that is confirmed', async () => {
  const deleted: unknown[] = []
  tells('/scripts', page(aScriptRow('backup')))
  server.use(
    http.delete('*/api/v3/scripts/:id', ({ params }) => {
      deleted.push(params.id)
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await openApp('/scripts')

  await user.click(await screen.findByRole('button', { name: 'More actions for backup' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await screen.findByText('backup deleted')
  expect(deleted).toEqual(['id-backup'])
})

test('who may only read sees the text and no way to change it', async () => {
  server.use(signedInAs(aViewer))
  tells(
    '/scripts/:id',
    aScript('backup', { parameters: [{ type: 'secret', name: 'TOKEN', label: 'A token' }] }),
  )
  await openApp('/scripts/id-backup')

  await screen.findByText('Secret · A token')
  screen.getByText('uptime')
  expect(screen.queryByRole('textbox')).toBeNull()
  expect(screen.queryByRole('button', { name: 'Save' })).toBeNull()
  expect(await axeFindings()).toEqual([])
})

test('a script that is gone says so', async () => {
  refuses('/scripts/:id', 404, 'script_not_found', 'There is no script with this id.')
  await openApp('/scripts/id-backup')

  await screen.findByText('There is no script with this id.')
})

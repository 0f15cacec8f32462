import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { HookDetail } from '@/api/types'
import { axeFindings, openApp } from '@/testing/app'
import { aHook, aHookSecret, anAccount, aViewer, everything, page } from '@/testing/data'
import { server, signedInAs, tells } from '@/testing/server'
import { exampleOf } from './example'

const SECRET = `opsc_hook_${'Ab3'.repeat(14)}x`
const HOOK = '/workflows/hooks/id-orders'

/** Shows this hook in the list and in its drawer. */
function serves(hook: HookDetail) {
  tells('/hooks', page(hook))
  tells(`/hooks/${hook.id}`, hook)
}

/** Takes changes of the hook's protection from now on; what was asked for is in the list that comes back. */
function takesProtections(hook: HookDetail): unknown[] {
  const asked: unknown[] = []
  server.use(
    http.put('*/api/v3/hooks/:id/protection', async ({ request }) => {
      const body = (await request.json()) as Pick<HookDetail, 'protection'>
      asked.push(body)
      serves({ ...hook, ...body })
      return HttpResponse.json({ ...hook, ...body })
    }),
  )
  return asked
}

/** Issues this secret from now on; what was asked for is in the list that comes back. */
function issues(hook: HookDetail): unknown[] {
  const asked: unknown[] = []
  server.use(
    http.post('*/api/v3/hooks/:id/secrets', async ({ request }) => {
      asked.push(await request.json())
      const issued = aHookSecret('opsc_hook_Ab3Ab3')
      serves({ ...hook, secrets: 1, issued: [issued] })
      return HttpResponse.json({ ...issued, protection: hook.protection, secret: SECRET }, { status: 201 })
    }),
  )
  return asked
}

test('the list shows where each hook is, how it is protected and when it was used', async () => {
  tells(
    '/hooks',
    page(
      aHook('orders', { protection: 'token', secrets: 1 }),
      aHook('closed'),
      aHook('keyless', { protection: 'hmac' }),
      aHook('everybody', { protection: 'open', served: false }),
      aHook('variable', { flow_id: null, flow_name: null, node_id: null }),
    ),
  )

  await openApp('/workflows/hooks')

  await screen.findByText('POST /orders')
  const rows = screen.getAllByRole('row').map(({ textContent }) => textContent)
  expect(rows[1]).toContain('POST /ordersTokenOrdersNever')
  expect(rows[2]).toContain('Closed')
  expect(rows[3]).toContain('Signature · no secret yet')
  expect(rows[4]).toContain('OpenNot served')
  expect(rows[5]).toContain('Not known')
  expect(screen.getByRole('button', { name: 'Copy the address of /orders' })).toBeTruthy()
  expect(await axeFindings()).toEqual([])
})

test('without hooks the page says what they are and leads to the editor', async () => {
  await openApp('/workflows/hooks')

  await screen.findByRole('heading', { name: 'No flow serves a hook yet' })
  expect(screen.getByRole('link', { name: 'Open the editor' })).toBeTruthy()
  expect(await axeFindings()).toEqual([])
})

test('filters stand in the address and are asked of the API', async () => {
  const asked: string[] = []
  server.use(
    http.get('*/api/v3/hooks', ({ request }) => {
      asked.push(new URL(request.url).searchParams.toString())
      return HttpResponse.json(page())
    }),
  )
  const { user, router } = await openApp('/workflows/hooks?flow=f1&other=1')

  await user.click(await screen.findByRole('button', { name: 'Filter by Protection' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Open' }))
  await user.click(screen.getByRole('button', { name: 'Filter by Served' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Not served' }))

  await screen.findByText('Nothing matches these filters')
  await waitFor(() => expect(asked.at(-1)).toBe('flow_id=f1&protection=open&served=false&limit=50'))
  expect(router.state.location.search).toEqual({ flow: 'f1', protection: 'open', served: 'no' })
})

test('a closed hook gets a token, which is shown once with a request to try', async () => {
  const hook = aHook('orders')
  serves(hook)
  const chosen = takesProtections(hook)
  const asked = issues({ ...hook, protection: 'token' })
  const { user, router } = await openApp(HOOK)

  await user.click(await screen.findByRole('radio', { name: 'Token' }))
  await user.click(screen.getByRole('button', { name: 'Set protection' }))
  await user.click(await screen.findByRole('button', { name: 'Issue a secret' }))

  expect(await screen.findByRole('textbox', { name: 'Token' })).toHaveProperty('value', SECRET)
  screen.getByText(/curl -X POST/)
  expect([chosen, asked]).toEqual([[{ protection: 'token' }], [{ grace_minutes: 0 }]])
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Copy secret' }))
  await screen.findByRole('button', { name: 'Copied' })
  expect(await navigator.clipboard.readText()).toBe(SECRET)
  await user.click(screen.getByRole('button', { name: 'Done' }))

  await screen.findByText('opsc_hook_Ab3Ab3…')
  expect(document.body.innerHTML).not.toContain(SECRET)
  const { queryClient } = router.options.context
  const kept = [queryClient.getMutationCache().getAll(), queryClient.getQueryCache().getAll()]
  await waitFor(() =>
    expect(JSON.stringify(kept.flat().map(({ state }) => state.data))).not.toContain(SECRET),
  )
})

test('who goes on without having copied the secret is asked first', async () => {
  const hook = aHook('orders', { protection: 'token' })
  serves(hook)
  issues(hook)
  const { user } = await openApp(HOOK)
  await user.click(await screen.findByRole('button', { name: 'Issue a secret' }))
  await user.click(await screen.findByRole('button', { name: 'Done' }))

  const question = within(await screen.findByRole('dialog', { name: 'Go on without the secret?' }))
  await user.click(question.getByRole('button', { name: 'Stay here' }))
  await waitFor(() => expect(screen.queryByText('Go on without the secret?')).toBeNull())
  screen.getByRole('textbox', { name: 'Token' })
})

test('another secret lets the old ones live on for as long as is chosen', async () => {
  const hook = aHook('orders', {
    protection: 'hmac',
    secrets: 1,
    issued: [aHookSecret('opsc_hmac_Old123'), aHookSecret('opsc_hmac_Gone12', { is_good: false })],
  })
  serves(hook)
  const asked = issues(hook)
  const { user } = await openApp(HOOK)

  await user.click(await screen.findByRole('combobox', { name: 'Those it has end' }))
  await user.click(await screen.findByRole('option', { name: 'in a day' }))
  await user.click(screen.getByRole('button', { name: 'Issue another' }))

  await screen.findByRole('textbox', { name: 'Key of the signature' })
  expect(asked).toEqual([{ grace_minutes: 1440 }])
})

test('a hook is opened to everybody only after a question that says as whom its flow acts', async () => {
  const hook = aHook('orders')
  serves(hook)
  const chosen = takesProtections(hook)
  const { user } = await openApp(HOOK)

  await user.click(await screen.findByRole('radio', { name: 'Open' }))
  await user.click(screen.getByRole('button', { name: 'Set protection' }))
  const question = within(await screen.findByRole('dialog', { name: 'Open this hook to everybody?' }))
  question.getByText(/which acts as dana/)
  expect(chosen).toEqual([])
  await user.click(question.getByRole('button', { name: 'Open it' }))

  await waitFor(() => expect(chosen).toEqual([{ protection: 'open' }]))
})

test('a designer can not open a hook, and who only looks can not change anything', async () => {
  serves(aHook('orders', { protection: 'token', secrets: 1, issued: [aHookSecret('opsc_hook_Ab3Ab3')] }))
  const designer = everything.filter((permission) => permission !== 'hooks.open')
  server.use(signedInAs(anAccount({ role: 'designer', permissions: designer })))
  const { view } = await openApp(HOOK)
  expect(await screen.findByRole('radio', { name: 'Open' })).toHaveProperty('disabled', true)
  screen.getByText('Only administrators open a hook to everybody.')
  view.unmount()

  server.use(signedInAs(aViewer))
  await openApp(HOOK)
  await screen.findByText('opsc_hook_Ab3Ab3…')
  expect(screen.queryByRole('radio')).toBeNull()
  expect(screen.queryByRole('button', { name: /Revoke|Issue|Delete/ })).toBeNull()
})

test('a secret is revoked after a question', async () => {
  const revoked: unknown[] = []
  serves(aHook('orders', { protection: 'token', secrets: 1, issued: [aHookSecret('opsc_hook_Ab3Ab3')] }))
  server.use(
    http.delete('*/api/v3/hooks/:id/secrets/:secret', ({ params }) => {
      revoked.push(params.secret)
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await openApp(HOOK)

  await user.click(await screen.findByRole('button', { name: 'Revoke opsc_hook_Ab3Ab3…' }))
  await user.click(
    within(await screen.findByRole('dialog', { name: /^Revoke/ })).getByRole('button', { name: 'Revoke' }),
  )

  await screen.findByText('opsc_hook_Ab3Ab3… is revoked')
  expect(revoked).toEqual(['id-opsc_hook_Ab3Ab3'])
})

test('a hook that no flow serves any more says so, and can be deleted', async () => {
  const removed: unknown[] = []
  const refused = { last_refused_at: '2026-03-01T10:00:00Z', last_refusal: 'replayed' }
  serves(aHook('orders', { protection: 'token', served: false, ...refused }))
  server.use(
    http.delete('*/api/v3/hooks/:id', ({ params }) => {
      removed.push(params.id)
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, router } = await openApp(HOOK)
  await screen.findByText(/the same request had come before/)

  await user.click(await screen.findByRole('button', { name: 'Delete this hook' }))
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await waitFor(() => expect(router.state.location.pathname).toBe('/workflows/hooks'))
  expect(removed).toEqual(['id-orders'])
})

test('the request to try is one for a shell, whatever is in the address', () => {
  const place = { method: 'PUT', url: "https://ops.example.org/hooks/it's" } as const

  expect(exampleOf(place, 'token').split('\n').at(-1)).toBe(`  'https://ops.example.org/hooks/it'\\''s'`)
  expect(exampleOf({ ...place, method: 'GET' }, 'token')).not.toContain('BODY')
  expect(exampleOf(place, 'hmac')).toContain(`printf '%s.%s' "$AT" "$BODY"`)
  expect(exampleOf(place, 'github')).toContain('X-Hub-Signature-256: sha256=$SIGNATURE')
})

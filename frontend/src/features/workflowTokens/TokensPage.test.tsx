import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anAccount, aToken, aUser, aViewer, aWorkflow, everything, page } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

const SECRET = `opsc_wt_${'Ab3'.repeat(14)}x`
const flowRights = ['targets.read', 'executions.read', 'executions.run', 'executions.cancel'] as const

/** Makes tokens from now on; what was asked for is in the list that comes back. */
function makesTokens(): unknown[] {
  const asked: unknown[] = []
  server.use(
    http.post('*/api/v3/workflow-tokens', async ({ request }) => {
      asked.push(await request.json())
      return HttpResponse.json({ ...aToken('nightly'), token: SECRET }, { status: 201 })
    }),
  )
  return asked
}

/** Fills the form in and sends it, up to the token that is shown. */
async function makeOne() {
  const asked = makesTokens()
  const app = await openApp('/workflows/tokens/new')
  await app.user.type(await screen.findByRole('textbox', { name: /^Name/ }), 'nightly')
  await app.user.click(screen.getByRole('checkbox', { name: /^List targets/ }))
  await app.user.click(screen.getByRole('button', { name: 'Make token' }))
  await screen.findByText('Copy it now')
  return { ...app, asked }
}

test('the list shows what each token is for, whose it is and how it stands', async () => {
  tells('/workflows', page(aWorkflow('Patching')))
  tells(
    '/workflow-tokens',
    page(
      aToken('nightly', { scopes: ['targets.read', 'executions.run'], flow_id: 'flow-Patching' }),
      aToken('elsewhere', { flow_id: 'a1b2c3', owner: { id: '2', username: 'olaf', is_active: false } }),
      aToken('old', { state: 'revoked', scopes: ['something.new'] }),
    ),
  )

  await openApp('/workflows/tokens')

  await screen.findByText('Patching')
  const rows = screen.getAllByRole('row').map(({ textContent }) => textContent)
  expect(rows[1]).toContain('nightlyopsc_wt_Ab3xYz…ActiveadaList targets · Run on targetsPatchingNever')
  expect(rows[2]).toContain('olaf (switched off)List targetsa1b2c3')
  expect(rows[3]).toContain('Revokedadasomething.newAny')
  expect(screen.getAllByRole('button', { name: /^Revoke/ })).toHaveLength(2)
  expect(await axeFindings()).toEqual([])
})

test('without tokens the page says what they are for', async () => {
  await openApp('/workflows/tokens')

  await screen.findByRole('heading', { name: 'No workflow tokens yet' })
  expect(screen.getAllByRole('link', { name: 'New token' })).toHaveLength(2)
  expect(await axeFindings()).toEqual([])
})

test('filters stand in the address and are asked of the API', async () => {
  const asked: string[] = []
  tells('/users', page(aUser('olaf')))
  server.use(
    http.get('*/api/v3/workflow-tokens', ({ request }) => {
      asked.push(new URL(request.url).searchParams.toString())
      return HttpResponse.json(page())
    }),
  )
  const { user, router } = await openApp('/workflows/tokens?state=revoked&flow=f1&other=1')

  await user.click(await screen.findByRole('button', { name: 'Filter by Owner' }))
  await user.click(await screen.findByRole('menuitem', { name: 'olaf' }))

  await screen.findByText('Nothing matches these filters')
  await waitFor(() => expect(asked.at(-1)).toBe('flow_id=f1&user_id=id-olaf&state=revoked&limit=50'))
  expect(router.state.location.search).toEqual({ state: 'revoked', flow: 'f1', owner: 'id-olaf' })
})

test('who sees only their own tokens is offered no owner, and no scope that the role does not have', async () => {
  server.use(signedInAs(aViewer))
  tells('/workflow-tokens', page(aToken('mine')))

  await openApp('/workflows/tokens/new')

  await screen.findByRole('checkbox', { name: /^Read results/ })
  expect(screen.queryByRole('checkbox', { name: /^Run on targets/ })).toBeNull()
  expect(screen.queryByText('Owner')).toBeNull()
})

test('a token is asked for as it was chosen', async () => {
  server.use(signedInAs(anAccount({ permissions: [...everything, ...flowRights] })))
  tells('/workflows', page(aWorkflow('Patching')))
  const asked = makesTokens()
  const { user } = await openApp('/workflows/tokens/new')

  await user.type(await screen.findByRole('textbox', { name: /^Name/ }), ' nightly ')
  await user.click(screen.getByRole('checkbox', { name: /^Run on targets/ }))
  await user.click(screen.getByRole('combobox', { name: /^Good for/ }))
  await user.click(await screen.findByRole('option', { name: 'Patching' }))
  await user.click(screen.getByRole('combobox', { name: /^Expires after/ }))
  await user.click(await screen.findByRole('option', { name: '7 days' }))
  await user.click(screen.getByRole('button', { name: 'Make token' }))

  await screen.findByText('nightly is ready')
  expect(asked).toEqual([
    { name: 'nightly', scopes: ['executions.run'], flow_id: 'flow-Patching', expires_in_days: 7 },
  ])
})

test('a flow of another Node-RED is named by its id', async () => {
  const asked = makesTokens()
  const { user } = await openApp('/workflows/tokens/new')
  await user.click(await screen.findByRole('combobox', { name: /^Good for/ }))
  await user.click(await screen.findByRole('option', { name: 'A flow of another Node-RED' }))
  await user.type(screen.getByRole('textbox', { name: /^Id of the flow/ }), 'two words')

  await user.click(screen.getByRole('button', { name: 'Make token' }))
  await screen.findByText(/^An id has no blanks/)
  screen.getByText('Choose at least one.')
  screen.getByText('This is needed.')
  expect(asked).toEqual([])
  expect(await axeFindings()).toEqual([])

  await user.clear(screen.getByRole('textbox', { name: /^Id of the flow/ }))
  await user.type(screen.getByRole('textbox', { name: /^Id of the flow/ }), 'a1b2c3')
  await user.type(screen.getByRole('textbox', { name: /^Name/ }), 'stock')
  await user.click(screen.getByRole('checkbox', { name: /^List targets/ }))
  await user.click(screen.getByRole('button', { name: 'Make token' }))

  await screen.findByText('Copy it now')
  expect(asked).toEqual([{ name: 'stock', scopes: ['targets.read'], flow_id: 'a1b2c3', expires_in_days: 90 }])
})

test('what the API refuses is shown at its field', async () => {
  server.use(
    http.post('*/api/v3/workflow-tokens', () =>
      refuse(422, 'scope_not_allowed', 'Your role does not allow this.', [
        { field: 'scopes', message: 'Your role does not allow targets.read.' },
      ]),
    ),
  )
  const { user } = await openApp('/workflows/tokens/new')
  await user.type(await screen.findByRole('textbox', { name: /^Name/ }), 'nightly')
  await user.click(screen.getByRole('checkbox', { name: /^List targets/ }))
  await user.click(screen.getByRole('button', { name: 'Make token' }))

  await screen.findByText('Your role does not allow targets.read.')
})

test('a new token is shown once, is copied, and is gone with its drawer', async () => {
  const { user, router } = await makeOne()
  expect(screen.getByRole('textbox', { name: 'Token' })).toHaveProperty('value', SECRET)
  expect(await axeFindings()).toEqual([])

  await user.click(screen.getByRole('button', { name: 'Copy token' }))
  await screen.findByRole('button', { name: 'Copied' })
  expect(await navigator.clipboard.readText()).toBe(SECRET)
  await user.click(screen.getByRole('button', { name: 'Done' }))

  await waitFor(() => expect(router.state.location.pathname).toBe('/workflows/tokens'))
  await waitFor(() => expect(document.body.innerHTML).not.toContain(SECRET))
  const { queryClient } = router.options.context
  const kept = [queryClient.getMutationCache().getAll(), queryClient.getQueryCache().getAll()]
  expect(JSON.stringify(kept.flat().map(({ state }) => state))).not.toContain(SECRET)
})

test('who closes the drawer without having copied the token is asked first', async () => {
  const { user, router } = await makeOne()

  await user.click(screen.getByRole('button', { name: 'Done' }))
  const question = within(await screen.findByRole('dialog', { name: 'Close without the token?' }))
  await user.click(question.getByRole('button', { name: 'Stay here' }))
  await waitFor(() => expect(screen.queryByText('Close without the token?')).toBeNull())
  screen.getByRole('textbox', { name: 'Token' })

  await user.click(screen.getByRole('button', { name: 'Done' }))
  await user.click(await screen.findByRole('button', { name: 'Close all the same' }))
  await waitFor(() => expect(router.state.location.pathname).toBe('/workflows/tokens'))
})

test('a token is revoked after a question', async () => {
  const revoked: unknown[] = []
  tells('/workflow-tokens', page(aToken('nightly')))
  server.use(
    http.delete('*/api/v3/workflow-tokens/:id', ({ params }) => {
      revoked.push(params.id)
      tells('/workflow-tokens', page(aToken('nightly', { state: 'revoked' })))
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await openApp('/workflows/tokens')

  await user.click(await screen.findByRole('button', { name: 'Revoke nightly' }))
  const question = within(await screen.findByRole('dialog', { name: 'Revoke nightly?' }))
  expect(revoked).toEqual([])
  await user.click(question.getByRole('button', { name: 'Revoke' }))

  await screen.findByText('nightly is revoked')
  await screen.findByText('Revoked')
  expect(revoked).toEqual(['id-nightly'])
})

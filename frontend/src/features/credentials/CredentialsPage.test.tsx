import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aCredential, page } from '@/testing/data'
import { refuse, server, tells } from '@/testing/server'

test('a credential that is still used is not deleted, and the reason is told', async () => {
  tells('/credentials', page(aCredential('fleet key', { target_count: 3 })))
  server.use(
    http.delete('*/api/v3/credentials/:id', () =>
      refuse(409, 'credential_in_use', '3 targets sign in with this credential.'),
    ),
  )
  const { user } = await openApp('/credentials')
  await screen.findByText('3 targets')
  expect(await axeFindings()).toEqual([])

  await user.click(screen.getByRole('button', { name: 'More actions for fleet key' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await screen.findByText(/3 targets sign in with this credential/)
})

test('the public half of a key is refused before anything is sent', async () => {
  const { user } = await openApp('/credentials/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'fleet key')
  await user.type(screen.getByRole('textbox', { name: 'User name on the target' }), 'ops')
  await user.type(screen.getByRole('textbox', { name: 'Private key' }), 'ssh-ed25519 AAAA ops@host')
  await user.click(screen.getByRole('button', { name: 'Add credential' }))

  await screen.findByText(/This is the public half of a key/)
})

test('a password is sent once and nothing of a key with it', async () => {
  const sent: unknown[] = []
  server.use(
    http.post('*/api/v3/credentials', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json(aCredential('fleet'), { status: 201 })
    }),
  )
  const { user } = await openApp('/credentials/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'fleet')
  await user.type(screen.getByRole('textbox', { name: 'User name on the target' }), 'ops')
  await user.click(screen.getByRole('radio', { name: 'Password' }))
  await user.type(
    screen.getByLabelText(/^Password/, { selector: 'input:not([type=radio])' }),
    'correct horse',
  )
  await user.click(screen.getByRole('button', { name: 'Add credential' }))

  await screen.findByText('fleet added')
  expect(sent).toEqual([
    { kind: 'password', name: 'fleet', username: 'ops', description: '', password: 'correct horse' },
  ])
})

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
  await user.type(screen.getByRole('textbox', { name: 'Operations at once' }), '4')
  await user.click(screen.getByRole('button', { name: 'Add credential' }))

  await screen.findByText('fleet added')
  expect(sent).toEqual([
    {
      kind: 'password',
      name: 'fleet',
      username: 'ops',
      description: '',
      max_parallel: 4,
      password: 'correct horse',
    },
  ])
})

const certificate = {
  key_id: 'ops-7',
  serial: '18446744073709551615',
  principals: ['root', 'deploy'],
  valid_after: null,
  valid_before: '2020-01-01T00:00:00Z',
  authority_fingerprint: 'SHA256:of-the-authority',
}

async function changed(how: (user: Awaited<ReturnType<typeof openApp>>['user']) => Promise<void>) {
  const sent: unknown[] = []
  const row = aCredential('fleet', { kind: 'ssh_key', certificate, has_become_password: true })
  tells('/credentials', page(row))
  tells('/credentials/:id', row)
  server.use(
    http.patch('*/api/v3/credentials/:id', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json(row)
    }),
  )
  const { user } = await openApp('/credentials/id-fleet')
  await screen.findByText('root, deploy')
  await screen.findByText('18446744073709551615')
  expect(await axeFindings()).toEqual([])
  await how(user)
  await user.click(screen.getByRole('button', { name: 'Save' }))
  await screen.findByText('fleet saved')
  return sent
}

const untouched = { name: 'fleet', username: 'ops', description: '', max_parallel: null }

test('a certificate that is over is told as such in the list', async () => {
  tells('/credentials', page(aCredential('fleet', { kind: 'ssh_key', certificate })))
  await openApp('/credentials')

  await screen.findByText('Certificate expired')
})

test('certificate and password for sudo stay where nobody touches them', async () => {
  expect(await changed(async () => {})).toEqual([untouched])
})

test('certificate and password for sudo are taken away', async () => {
  const sent = await changed(async (user) => {
    await user.click(screen.getByRole('button', { name: 'Remove certificate' }))
    await user.click(screen.getByRole('button', { name: 'Remove password' }))
    await screen.findByText('The certificate is removed when you save.')
  })

  expect(sent).toEqual([{ ...untouched, certificate: null, become_password: null }])
})

test('certificate and password for sudo are replaced', async () => {
  const sent = await changed(async (user) => {
    await user.click(screen.getByRole('button', { name: 'Replace certificate' }))
    await user.type(
      screen.getByRole('textbox', { name: /Certificate of the key/ }),
      ' ssh-ed25519-cert-v01@openssh.com AAAA ',
    )
    await user.click(screen.getByRole('button', { name: 'Replace password' }))
    await user.type(screen.getByLabelText(/^Sudo password/), 'of sudo')
  })

  expect(sent).toEqual([
    { ...untouched, certificate: 'ssh-ed25519-cert-v01@openssh.com AAAA', become_password: 'of sudo' },
  ])
})

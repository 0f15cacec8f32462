import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anAccount } from '@/testing/data'
import { refuse, server, signedInAs, signedOut } from '@/testing/server'

async function signIn(user: Awaited<ReturnType<typeof openApp>>['user'], password: string) {
  await user.type(await screen.findByLabelText('User name'), 'ada')
  await user.type(screen.getByLabelText('Password'), password)
  await user.click(screen.getByRole('button', { name: 'Sign in' }))
}

test('whoever is not signed in is sent to the sign-in, which knows where they were going', async () => {
  server.use(signedOut)

  const { address } = await openApp('/executions?status=failed')

  await screen.findByRole('heading', { name: 'Sign in to OpsConductor' })
  expect(address()).toBe('/login?next=%2Fexecutions%3Fstatus%3Dfailed')
  expect(await axeFindings()).toEqual([])
})

test('a refused sign-in is said in the words of the server, and the password is to be typed again', async () => {
  server.use(
    signedOut,
    http.post('*/api/v3/auth/login', () =>
      refuse(401, 'sign_in_refused', 'The name or the password is wrong.'),
    ),
  )
  const { user } = await openApp('/login')

  await signIn(user, 'not this one')

  expect((await screen.findByRole('alert')).textContent).toBe('The name or the password is wrong.')
  expect(screen.getByLabelText<HTMLInputElement>('Password').value).toBe('')
})

test('signing in goes on to where one was heading', async () => {
  server.use(
    signedOut,
    http.post('*/api/v3/auth/login', () => {
      server.use(signedInAs(anAccount()))
      return HttpResponse.json({ access_token: 'a', expires_at: '2026-03-01T10:00:00Z', user: anAccount() })
    }),
  )
  const { user, address } = await openApp('/login?next=%2Fexecutions')

  await signIn(user, 'the right one')

  await screen.findByRole('heading', { level: 1, name: 'Executions' })
  expect(address()).toBe('/executions')
})

test('a new installation is set up first', async () => {
  server.use(
    signedOut,
    http.get('*/api/v3/setup', () => HttpResponse.json({ needed: true })),
  )

  await openApp('/targets')

  await screen.findByRole('heading', { name: 'Set up OpsConductor' })
  expect(await axeFindings()).toEqual([])
})

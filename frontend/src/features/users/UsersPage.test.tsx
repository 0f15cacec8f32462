import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aUser, page } from '@/testing/data'
import { refuse, server, tells } from '@/testing/server'

test('somebody is switched off without their password being touched', async () => {
  const sent: unknown[] = []
  tells('/users', page(aUser('olaf')))
  server.use(
    http.patch('*/api/v3/users/:id', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json(aUser('olaf', { is_active: false }))
    }),
  )
  const { user } = await openApp('/users')

  await user.click(await screen.findByRole('link', { name: 'olaf' }))
  await user.click(await screen.findByRole('switch', { name: /^May sign in/ }))
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('olaf saved')
  expect(sent).toEqual([{ display_name: 'olaf', role: 'operator', is_active: false }])
})

test('a taken user name is shown at its field', async () => {
  server.use(http.post('*/api/v3/users', () => refuse(409, 'username_taken', 'Another user has this name.')))
  const { user } = await openApp('/users/new')

  await user.type(await screen.findByRole('textbox', { name: 'User name' }), 'ada')
  await user.type(screen.getByLabelText(/^Password/), 'a sentence is fine')
  await user.click(screen.getByRole('button', { name: 'Add user' }))

  expect(await screen.findAllByText('Another user has this name.')).toHaveLength(2)
})

import { act, screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anExecution, aTarget, aViewer, page } from '@/testing/data'
import { refuses, server, signedInAs, signedOut, tells } from '@/testing/server'

async function places(): Promise<(string | null)[]> {
  const navigation = within(await screen.findByRole('navigation', { name: 'Main navigation' }))
  return navigation.getAllByRole('link').map((link) => link.textContent)
}

test('an administrator finds every place in the navigation', async () => {
  await openApp('/')

  expect(await places()).toEqual([
    'Overview',
    'Notifications',
    'Targets',
    'Run',
    'Executions',
    'Files',
    'Calendars',
    'Scripts',
    'Workflows',
    'Templates',
    'Workflow runs',
    'Hooks',
    'Workflow tokens',
    'Credentials',
    'Audit',
    'Users',
  ])
})

test('a place that the role does not open is neither offered nor opened', async () => {
  server.use(signedInAs(aViewer))

  await openApp('/audit')

  expect(await places()).toEqual([
    'Overview',
    'Notifications',
    'Targets',
    'Executions',
    'Calendars',
    'Scripts',
    'Workflows',
    'Templates',
    'Workflow runs',
    'Hooks',
    'Workflow tokens',
  ])
  screen.getByRole('heading', { name: 'Your role does not allow this' })
})

test('the overview counts the targets and shows what ran last', async () => {
  tells('/targets/facets', { os_type: {}, environment: {}, tag: {}, status: { active: 7, maintenance: 1 } })
  tells('/executions', page(anExecution('uptime')))

  await openApp('/')

  await screen.findByRole('link', { name: '7 Active' })
  await screen.findByRole('link', { name: 'uptime' })
  expect(document.title).toBe('Overview · OpsConductor')
  expect(await axeFindings()).toEqual([])
})

test('folded away, the navigation keeps its names for who cannot see the icons', async () => {
  const { user } = await openApp('/')

  await user.click(await screen.findByRole('button', { name: 'Collapse the navigation' }))

  const navigation = within(screen.getByRole('navigation', { name: 'Main navigation' }))
  navigation.getByRole('link', { name: 'Targets' })
  expect(navigation.queryByText('Targets')).toBeNull()
})

test('the palette opens with the keyboard, and finds places and targets', async () => {
  tells('/targets', page(aTarget('web-1')))
  const { user, address } = await openApp('/')
  await screen.findByRole('heading', { level: 1, name: 'Overview' })

  await user.keyboard('{Control>}k{/Control}')
  const field = await screen.findByPlaceholderText('Go to a page, a target, or start something')
  await user.type(field, 'web')
  await user.click(await screen.findByRole('button', { name: 'web-1' }))

  expect(address()).toBe('/targets/id-web-1')
})

test('the first stop of the keyboard leads past the navigation', async () => {
  const { user } = await openApp('/')
  await screen.findByRole('heading', { level: 1, name: 'Overview' })

  await user.tab()

  expect(document.activeElement?.textContent).toBe('Skip to the content')
  expect(document.activeElement?.getAttribute('href')).toBe(`#${screen.getByRole('main').id}`)
})

test('dark is kept for the next visit', async () => {
  const { user } = await openApp('/')

  await user.click(await screen.findByRole('button', { name: 'Account: Ada Lovelace' }))
  await user.click(await screen.findByRole('menuitemradio', { name: 'Dark' }))

  expect(localStorage.getItem('opsconductor-color-scheme')).toBe('dark')
  expect(document.documentElement.dataset.mantineColorScheme).toBe('dark')
})

test('signing out ends the session and leads to the sign-in', async () => {
  server.use(
    http.post('*/api/v3/auth/logout', () => {
      server.use(signedOut)
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, address } = await openApp('/')

  await user.click(await screen.findByRole('button', { name: 'Account: Ada Lovelace' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Sign out' }))

  await screen.findByRole('heading', { name: 'Sign in to OpsConductor' })
  expect(address()).toBe('/login')
})

test('a session that ends in between leads to the sign-in, and back afterwards', async () => {
  const { router, address } = await openApp('/')
  await screen.findByRole('heading', { level: 1, name: 'Overview' })
  refuses('/executions', 401, 'not_signed_in', 'Sign in first.')

  await act(() => router.navigate({ to: '/executions', search: { status: 'failed' } }))

  await screen.findByText('Your session has ended. Sign in to go on where you were.')
  expect(new URLSearchParams(address().split('?')[1]).get('next')).toBe('/executions?status=failed')
})

test('an address that leads nowhere says so inside the shell', async () => {
  await openApp('/nothing/here')

  await screen.findByRole('heading', { name: 'This page does not exist' })
  screen.getByRole('navigation', { name: 'Main navigation' })
  expect(await axeFindings()).toEqual([])
})

import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aTarget, aViewer, page } from '@/testing/data'
import { refuse, refuses, server, signedInAs, tells } from '@/testing/server'

test('without targets the page says what one is and how to add it', async () => {
  await openApp('/targets')

  await screen.findByRole('heading', { name: 'No targets yet' })
  expect(screen.getAllByRole('link', { name: 'Add target' })).toHaveLength(2)
  expect(await axeFindings()).toEqual([])
})

test('who may only look is not offered to add', async () => {
  server.use(signedInAs(aViewer))

  await openApp('/targets')

  await screen.findByText(/Your role can look at targets/)
  expect(screen.queryByRole('link', { name: 'Add target' })).toBeNull()
})

test('a list that fails says why, and shows its rows after another try', async () => {
  refuses('/targets', 403, 'permission_missing', 'This needs the permission targets.read.')
  const first = await openApp('/targets')
  await screen.findByText('This needs the permission targets.read.')
  first.view.unmount()

  refuses('/targets', 422, 'invalid', 'The cursor is not one of ours.')
  const { user } = await openApp('/targets')
  await screen.findByText('The cursor is not one of ours.')
  tells('/targets', page(aTarget('web-1')))
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  await screen.findByRole('link', { name: 'web-1' })
})

test('each target is a row with its state in words', async () => {
  tells('/targets', page(aTarget('web-1', { port: 2222 }), aTarget('db-1', { status: 'maintenance' })))

  await openApp('/targets')

  const rows = within(await screen.findByRole('table', { name: 'Targets' })).getAllByRole('row')
  expect(rows).toHaveLength(3)
  within(rows[1] as HTMLElement).getByText('10.0.0.4:2222')
  within(rows[2] as HTMLElement).getByText('Maintenance')
  expect(await axeFindings()).toEqual([])
})

test('what the address filters by is what the API is asked for', async () => {
  const asked: string[] = []
  server.use(
    http.get('*/api/v3/targets', ({ request }) => {
      asked.push(new URL(request.url).search)
      return HttpResponse.json(page())
    }),
  )

  await openApp('/targets?status=active&os_type=plan9&q=web')

  await screen.findByRole('heading', { name: 'Nothing matches these filters' })
  expect(asked).toEqual(['?q=web&status=active&limit=50'])
})

test('chosen targets are taken along to the run page', async () => {
  tells('/targets', page(aTarget('web-1'), aTarget('db-1')))
  const { user } = await openApp('/targets')

  await user.click(await screen.findByRole('checkbox', { name: 'Select db-1' }))
  await user.click(screen.getByRole('button', { name: 'Run command…' }))

  await screen.findByRole('button', { name: 'Run on 1 target' })
  await screen.findByRole('button', { name: 'Take db-1 off' })
})

test('a target is added with what the form says, and a taken name is shown at its field', async () => {
  const sent: unknown[] = []
  server.use(
    http.post('*/api/v3/targets', async ({ request }) => {
      sent.push(await request.json())
      return refuse(409, 'target_name_taken', 'Another target already has this name.')
    }),
  )
  const { user } = await openApp('/targets/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), ' web-1 ')
  await user.type(screen.getByRole('textbox', { name: 'Host name or IP address' }), '10.0.0.4')
  await user.click(screen.getByRole('button', { name: 'Add target' }))

  await screen.findAllByText('Another target already has this name.')
  expect(sent).toEqual([
    {
      name: 'web-1',
      host: '10.0.0.4',
      port: 22,
      os_type: 'linux',
      environment: 'production',
      status: 'active',
      tags: [],
      credential_id: null,
      host_key_policy: 'pin-on-first-use',
      description: '',
    },
  ])
  expect(await axeFindings()).toEqual([])
})

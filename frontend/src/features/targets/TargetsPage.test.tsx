import { screen, waitFor, within } from '@testing-library/react'
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
      jump_target_id: null,
      legacy_algorithms: false,
      max_parallel: null,
      host_key_policy: 'pin-on-first-use',
      description: '',
    },
  ])
  expect(await axeFindings()).toEqual([])
})

test('a limit that is emptied is taken away, and what the server refuses is shown there', async () => {
  const sent: unknown[] = []
  tells('/targets/:id', aTarget('web-1', { max_parallel: 2 }))
  server.use(
    http.patch('*/api/v3/targets/:id', async ({ request }) => {
      sent.push(await request.json())
      return refuse(422, 'invalid_request', 'Not valid.', [
        { field: 'body.max_parallel', message: 'at most 1000' },
      ])
    }),
  )
  const { user } = await openApp('/targets/id-web-1/edit')

  await user.clear(await screen.findByRole('textbox', { name: 'Operations at once' }))
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('at most 1000')
  expect(sent).toMatchObject([{ max_parallel: null }])
})

test('a jump host is looked for by name, and only one that can be one is offered', async () => {
  const hosts = [
    aTarget('bastion', { credential_id: 'c1', host: '10.9.0.1' }),
    aTarget('bastion without a key'),
  ]
  const asked: (string | null)[] = []
  const sent: unknown[] = []
  server.use(
    http.get('*/api/v3/targets', ({ request }) => {
      asked.push(new URL(request.url).searchParams.get('q'))
      return HttpResponse.json(page(...hosts))
    }),
    http.post('*/api/v3/targets', async ({ request }) => {
      sent.push(await request.json())
      return refuse(422, 'route_too_long', 'Three jump hosts are the most.', [
        { field: 'body.jump_target_id', message: 'at most 3 jump hosts on a way' },
      ])
    }),
  )
  const { user } = await openApp('/targets/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'web-1')
  await user.type(screen.getByRole('textbox', { name: 'Host name or IP address' }), '10.0.0.4')
  await user.type(screen.getByRole('combobox', { name: 'Jump host' }), 'bast')
  await waitFor(() => expect(asked).toContain('bast'))
  const offered = await screen.findAllByRole('option', { name: /bastion/ })
  expect(offered.map((option) => option.textContent)).toEqual(['bastion10.9.0.1'])
  await user.click(offered[0] as HTMLElement)
  await user.click(screen.getByRole('checkbox', { name: 'Allow outdated algorithms' }))
  await screen.findByText(/may be able to break a connection/)
  await user.click(screen.getByRole('button', { name: 'Add target' }))

  await screen.findByText('at most 3 jump hosts on a way')
  expect(sent).toMatchObject([{ jump_target_id: 'id-bastion', legacy_algorithms: true }])
  expect(await axeFindings()).toEqual([])
})

test('a target shows the way to it, and a test that failed on the way leads to where', async () => {
  const bastion = { id: 'id-bastion', name: 'bastion', host: '10.9.0.1', port: 22 }
  tells('/targets/:id', aTarget('web-1', { route: [bastion], legacy_algorithms: true }))
  server.use(
    http.post('*/api/v3/targets/:id/test', () =>
      HttpResponse.json({
        ok: false,
        latency_ms: null,
        error_code: 'connect_refused',
        detail: 'Jump host 10.9.0.1: 10.9.0.1 refuses connections on port 22: nothing listens there.',
        failed_hop_id: 'id-bastion',
        tested_at: '2026-03-01T10:00:00Z',
        host_key: null,
        offered_host_key: null,
      }),
    ),
  )
  const { user } = await openApp('/targets/id-web-1')

  await screen.findByRole('link', { name: 'bastion' })
  await screen.findByText('Outdated ones are allowed')
  await user.click(screen.getByRole('button', { name: 'Test connection' }))

  const link = await screen.findByRole('link', { name: 'Open bastion' })
  expect(link.getAttribute('href')).toContain('/targets/id-bastion')
  expect(await axeFindings()).toEqual([])
})

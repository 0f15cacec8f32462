import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aCalendar, aTarget, aViewer, page } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

test('without calendars, what they are for is said, with the way to the first', async () => {
  const { user, address } = await openApp('/calendars')

  await screen.findByText(/A calendar says when work may begin on which targets/)
  const [add] = screen.getAllByRole('link', { name: 'Add calendar' })
  if (add) await user.click(add)

  expect(address()).toBe('/calendars/new')
})

test('the list tells how each stands, by mark and word', async () => {
  tells(
    '/calendars',
    page(
      aCalendar('freeze', { kind: 'blackout', now: { open: false, changes_at: null } }),
      aCalendar('night', {
        now: { open: true, changes_at: '2036-03-01T21:00:00Z' },
        scope: 'tags',
        tags: ['web'],
      }),
      aCalendar('old', { enabled: false }),
    ),
  )
  await openApp('/calendars')

  const rows = await screen.findAllByRole('row')
  within(rows[1] as HTMLElement).getByText('Closed')
  within(rows[1] as HTMLElement).getByText('no change in sight')
  within(rows[2] as HTMLElement).getByText('Open')
  within(rows[2] as HTMLElement).getByText('with web')
  within(rows[3] as HTMLElement).getByText('Off')
  expect(await axeFindings()).toEqual([])
})

test('a viewer sees a calendar with its week and next windows, and no way to change it', async () => {
  server.use(signedInAs(aViewer))
  tells('/calendars/:id', aCalendar('night'))
  tells('/calendars/:id/upcoming', {
    time_zone: 'Europe/Berlin',
    complete: true,
    windows: [
      {
        start: '2036-03-01T21:00:00Z',
        end: '2036-03-02T01:00:00Z',
        start_local: '2036-03-01T22:00:00+01:00',
        end_local: '2036-03-02T02:00:00+01:00',
      },
    ],
  })
  await openApp('/calendars/id-night')

  await screen.findByText(/Sat, Mar 1, 2036, 22:00 to Sun, Mar 2, 2036, 02:00/)
  screen.getByRole('img', { name: 'Sat: 22:00–24:00' })
  screen.getByRole('img', { name: 'Mon: none' })
  expect(screen.queryByRole('link', { name: 'Edit' })).toBeNull()
  expect(await axeFindings()).toEqual([])
})

test('of a calendar that only warns, nothing is said of what it stops', async () => {
  tells('/calendars/:id', aCalendar('night', { enforcement: 'warn' }))
  tells('/calendars/:id/upcoming', { time_zone: 'Europe/Berlin', complete: true, windows: [] })
  await openApp('/calendars/id-night')

  await screen.findByText('Previews say so; nothing is refused.')
  expect(screen.queryByText('When it closes')).toBeNull()
})

test('a calendar is added with what was chosen', async () => {
  const sent: unknown[] = []
  tells('/targets', page(aTarget('web-1'), aTarget('db-1')))
  server.use(
    http.post('*/api/v3/calendars', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json(aCalendar('Night'), { status: 201 })
    }),
  )
  const { user, address } = await openApp('/calendars/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'Night')
  await user.click(screen.getByRole('radio', { name: 'Change freeze' }))
  await user.click(screen.getByRole('checkbox', { name: 'Sun' }))
  await user.clear(screen.getByRole('textbox', { name: 'Hours' }))
  await user.type(screen.getByRole('textbox', { name: 'Hours' }), '8')
  await user.click(screen.getByRole('radio', { name: 'Picked' }))
  await user.click(screen.getByRole('combobox', { name: 'Pick a target' }))
  await user.click(await screen.findByRole('option', { name: 'db-1' }))
  await user.click(screen.getByRole('radio', { name: 'Begin no more' }))
  screen.getByRole('img', { name: 'Mon: 00:00–06:00' })
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Add calendar' }))

  await screen.findByText('Night added')
  expect(address()).toBe('/calendars')
  expect(sent).toEqual([
    {
      name: 'Night',
      description: '',
      kind: 'blackout',
      time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
      windows: [{ type: 'weekly', weekdays: ['sat', 'sun'], start: '22:00', minutes: 480 }],
      enabled: true,
      scope: 'targets',
      tags: [],
      target_ids: ['id-db-1'],
      enforcement: 'block',
      at_end: 'stop',
    },
  ])
})

test('what makes no sense is said at its field, before and after it is sent', async () => {
  server.use(
    http.post('*/api/v3/calendars', () =>
      refuse(422, 'invalid_request', 'Not valid.', [
        { field: 'windows.1.once.end', message: 'must be in a year from 2000 to 2199' },
      ]),
    ),
  )
  const { user } = await openApp('/calendars/new')

  await user.click(await screen.findByRole('checkbox', { name: 'Sat' }))
  await user.click(screen.getByRole('button', { name: 'Add a window that is there once' }))
  await user.click(screen.getByRole('button', { name: 'Add calendar' }))
  await screen.findByText('Name at least one.')
  screen.getByText('Give a day and a time.')
  screen.getByText('This is needed.')

  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'Freeze')
  await user.click(screen.getByRole('checkbox', { name: 'Sat' }))
  await user.type(screen.getByLabelText('From'), '2036-12-24T18:00')
  await user.type(screen.getByLabelText('Until'), '2036-12-24T17:00')
  await user.click(screen.getByRole('button', { name: 'Add calendar' }))
  await screen.findByText('It must end later than it begins.')
  await user.clear(screen.getByLabelText('Until'))
  await user.type(screen.getByLabelText('Until'), '2036-12-27T06:00')
  await user.click(screen.getByRole('button', { name: 'Add calendar' }))
  await screen.findByText('must be in a year from 2000 to 2199')
})

test('a change names the version that it was made from', async () => {
  const sent: unknown[] = []
  tells('/calendars/:id', aCalendar('night', { version: 7 }))
  server.use(
    http.patch('*/api/v3/calendars/:id', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json(aCalendar('night'))
    }),
  )
  const { user } = await openApp('/calendars/id-night/edit')

  await user.click(await screen.findByRole('switch', { name: 'Switched on' }))
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('night saved')
  expect(sent[0]).toMatchObject({ based_on: 7, enabled: false, name: 'night' })
})

test('a calendar is deleted once that was confirmed', async () => {
  const deleted: unknown[] = []
  tells('/calendars', page(aCalendar('night')))
  server.use(
    http.delete('*/api/v3/calendars/:id', ({ params }) => {
      deleted.push(params.id)
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user, address } = await openApp('/calendars')

  await user.click(await screen.findByRole('button', { name: 'More actions for night' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await screen.findByText('night deleted')
  expect(deleted).toEqual(['id-night'])
  expect(address()).toBe('/calendars') // what is clicked in a menu of a row does not open the row
})

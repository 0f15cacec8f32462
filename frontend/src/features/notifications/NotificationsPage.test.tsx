import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aNotification, aViewer, page } from '@/testing/data'
import { server, signedInAs, tells } from '@/testing/server'

/** Notes what is marked as read. */
function marks(): unknown[] {
  const sent: unknown[] = []
  server.use(
    http.post('*/api/v3/notifications/read', async ({ request }) => {
      sent.push(await request.json())
      return HttpResponse.json({ unread: 0 })
    }),
  )
  return sent
}

test('whoever opens a notification has read it', async () => {
  tells(
    '/notifications',
    page(
      aNotification('Disk full', { body: 'on web-1\nand web-2', severity: 'critical', flow_id: 'f1' }),
      aNotification('Old', { read: true }),
    ),
  )
  const sent = marks()
  const { user } = await openApp('/notifications')
  expect(await axeFindings()).toEqual([])

  await user.click(await screen.findByRole('button', { name: 'Show Disk full' }))

  const drawer = within(await screen.findByRole('dialog', { name: 'Disk full' }))
  drawer.getByText(/and web-2/)
  drawer.getByText('a flow of ada')
  expect(sent).toEqual([{ ids: ['id-Disk full'], all: false }])
})

test('what was read already is not marked again', async () => {
  tells('/notifications', page(aNotification('Old', { read: true })))
  const sent = marks()
  const { user } = await openApp('/notifications')

  await user.click(await screen.findByRole('button', { name: 'Show Old' }))
  await screen.findByText('There is no further text.')

  expect(sent).toEqual([])
})

test('all are marked as read at once', async () => {
  const sent = marks()
  const { user } = await openApp('/notifications')

  await user.click(await screen.findByRole('button', { name: 'Mark all as read' }))

  await screen.findByText('Everything is read')
  expect(sent).toEqual([{ ids: [], all: true }])
})

test('the navigation says how many are unread', async () => {
  server.use(
    http.get('*/api/v3/notifications', ({ request }) => {
      const unread = new URL(request.url).searchParams.get('unread') === 'true'
      return HttpResponse.json({ ...page(aNotification('One')), total: unread ? 120 : 500 })
    }),
  )
  await openApp('/')

  const link = await screen.findByRole('link', { name: 'Notifications, 120 unread' })
  expect(link.textContent).toBe('Notifications99+')
})

test('the filters are part of the address and of what is asked', async () => {
  const asked: string[] = []
  server.use(
    http.get('*/api/v3/notifications', ({ request }) => {
      asked.push(new URL(request.url).search)
      return HttpResponse.json(page())
    }),
  )
  await openApp('/notifications?severity=error&state=unread&q=disk&nonsense=1')

  await screen.findByText('Nothing matches these filters')
  expect(asked).toContain('?q=disk&severity=error&unread=true&limit=50')
})

test('who may only look sees the list, and not where channels are', async () => {
  server.use(signedInAs(aViewer))
  await openApp('/notifications')

  await screen.findByText('No notifications yet')
  expect(screen.queryByRole('radio', { name: 'Channels' })).toBeNull()
})

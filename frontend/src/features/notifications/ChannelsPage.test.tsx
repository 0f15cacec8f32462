import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Channel } from '@/api/types'
import { axeFindings, openApp } from '@/testing/app'
import { aChannel, aDelivery, anAccount, everything, page } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

const email = {
  host: 'mail.example.org',
  port: 587,
  security: 'starttls',
  username: 'ops',
  sender: 'ops@example.org',
  recipients: ['a@example.org', 'b@example.org'],
  has_password: true,
} as const

/** Notes what is sent to add or change a channel. */
function saves(channel: Channel): unknown[] {
  const sent: unknown[] = []
  const note = async ({ request }: { request: Request }) => {
    sent.push(await request.json())
    return HttpResponse.json(channel)
  }
  server.use(
    http.post('*/api/v3/notification-channels', note),
    http.patch('*/api/v3/notification-channels/:id', note),
  )
  tells('/notification-channels/:id', channel)
  return sent
}

test('the list says of each channel where it leads and how its last delivery went', async () => {
  const failed = aDelivery('x', { status: 'failed' })
  tells(
    '/notification-channels',
    page(
      aChannel('mail', { kind: 'email', email: { ...email, recipients: [...email.recipients] } }),
      aChannel('hook', {
        kind: 'webhook',
        webhook: { host: 'hooks.example.org' },
        last_delivery: failed,
        dropped: 3,
      }),
      aChannel('chat', { kind: 'apprise', apprise: { service: 'slack' }, enabled: false }),
    ),
  )
  await openApp('/notifications/channels')

  await screen.findByText('2 recipients by mail.example.org')
  screen.getByText('hooks.example.org')
  screen.getByText('slack')
  screen.getByText('Failed')
  screen.getByText(/3 dropped/)
  expect(await axeFindings()).toEqual([])
})

test('a mail channel is sent with its server and all recipients', async () => {
  const sent = saves(aChannel('on call', { kind: 'email' }))
  const { user } = await openApp('/notifications/channels/new')

  await user.type(await screen.findByRole('textbox', { name: 'Name' }), 'on call')
  await user.click(screen.getByRole('radio', { name: 'TLS' }))
  await user.type(screen.getByRole('textbox', { name: 'Mail server' }), 'mail.example.org')
  await user.type(screen.getByRole('textbox', { name: 'User name' }), 'ops')
  await user.type(screen.getByLabelText(/^Password/), 's3cret')
  await user.type(screen.getByRole('textbox', { name: 'Sender' }), 'ops@example.org')
  await user.type(
    screen.getByRole('combobox', { name: 'Recipients' }),
    'a@example.org{Enter}b@example.org{Enter}',
  )
  await user.click(screen.getByRole('button', { name: 'Add channel' }))

  await screen.findByText('on call added')
  expect(sent).toEqual([
    {
      kind: 'email',
      name: 'on call',
      enabled: true,
      min_severity: 'info',
      per_minute: 60,
      allow_private: false,
      email: {
        host: 'mail.example.org',
        port: 465,
        security: 'tls',
        username: 'ops',
        password: 's3cret',
        sender: 'ops@example.org',
        recipients: ['a@example.org', 'b@example.org'],
      },
    },
  ])
})

test('nothing is sent while something is missing', async () => {
  const sent = saves(aChannel('x'))
  const { user } = await openApp('/notifications/channels/new')

  await user.click(await screen.findByRole('radio', { name: 'Webhook' }))
  await user.click(screen.getByRole('button', { name: 'Add channel' }))

  expect(await screen.findAllByText('This is needed.')).toHaveLength(3)
  expect(sent).toEqual([])
})

test('secrets that are left empty stay, and are not sent', async () => {
  const sent = saves(aChannel('hook', { kind: 'webhook', webhook: { host: 'hooks.example.org' } }))
  const { user } = await openApp('/notifications/channels/id-hook')

  await user.clear(await screen.findByRole('textbox', { name: 'Name' }))
  await user.type(screen.getByRole('textbox', { name: 'Name' }), 'renamed')
  await user.click(screen.getByRole('button', { name: 'Make one' }))
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('hook saved')
  expect(sent).toEqual([
    expect.objectContaining({
      name: 'renamed',
      webhook: { signing_key: expect.stringMatching(/^[0-9a-f]{32}$/) },
    }),
  ])
})

test('what the server refuses is shown at its field', async () => {
  saves(aChannel('mail', { kind: 'email', email: { ...email, recipients: [...email.recipients] } }))
  const message = 'give the password again: the server is another one'
  server.use(
    http.patch('*/api/v3/notification-channels/:id', () =>
      refuse(422, 'notification_channel_not_usable', `The channel can't be used like this: ${message}.`, [
        { field: 'email.password', message },
      ]),
    ),
  )
  const { user } = await openApp('/notifications/channels/id-mail')

  await user.click(await screen.findByRole('button', { name: 'Save' }))

  await screen.findByText(message)
})

test('a test really sends, and says why it did not arrive', async () => {
  saves(aChannel('hook', { kind: 'webhook', webhook: { host: 'hooks.example.org' } }))
  const outcomes = [
    {
      delivered: false,
      seconds: 1,
      error_code: 'refused',
      error_message: 'hooks.example.org refused it (status 403).',
    },
    { delivered: true, seconds: 0.34, error_code: null, error_message: null },
  ]
  server.use(http.post('*/api/v3/notification-channels/:id/test', () => HttpResponse.json(outcomes.shift())))
  const { user } = await openApp('/notifications/channels/id-hook')

  await user.click(await screen.findByRole('button', { name: 'Send a test' }))
  await screen.findByText('hooks.example.org refused it (status 403).')
  await user.click(screen.getByRole('button', { name: 'Send a test' }))

  await screen.findByText('Delivered in 340 ms')
  expect(await axeFindings()).toEqual([])
})

test('the last deliveries are listed with their errors', async () => {
  saves(aChannel('hook', { kind: 'webhook', webhook: { host: 'hooks.example.org' } }))
  tells(
    '/notification-channels/:id/deliveries',
    page(
      aDelivery('Disk full', {
        status: 'pending',
        attempts: 2,
        error_message: 'It can’t take it now.',
        next_attempt_at: '2026-03-01T10:05:00Z',
      }),
      aDelivery('All well'),
    ),
  )
  await openApp('/notifications/channels/id-hook')

  const list = within(await screen.findByRole('list', { name: 'Last deliveries' }))
  expect(list.getAllByRole('listitem').map((item) => item.textContent)).toEqual([
    expect.stringMatching(/^Disk fullPending.* · 2 attempts · next attempt .*It can’t take it now\.$/),
    expect.stringMatching(/^All wellDelivered/),
  ])
})

test('a channel is deleted after a question', async () => {
  tells('/notification-channels', page(aChannel('hook')))
  const gone: string[] = []
  server.use(
    http.delete('*/api/v3/notification-channels/:id', ({ params }) => {
      gone.push(String(params.id))
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await openApp('/notifications/channels')

  await user.click(await screen.findByRole('button', { name: 'More actions for hook' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await screen.findByText('hook deleted')
  expect(gone).toEqual(['id-hook'])
})

test('who may only send sees channels and deliveries, and no form', async () => {
  const may = everything.filter(
    (one) => !['notifications.write', 'notifications.allow_private'].includes(one),
  )
  server.use(signedInAs(anAccount({ role: 'operator', permissions: may })))
  saves(aChannel('hook'))
  await openApp('/notifications/channels/id-hook')

  await screen.findByText('Nothing was sent by this channel yet.')
  expect(screen.queryByRole('button', { name: 'Send a test' })).toBeNull()
  expect(screen.queryByRole('textbox', { name: 'Name' })).toBeNull()
})

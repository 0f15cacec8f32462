import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import type { Preview } from '@/api/types'
import { axeFindings, openApp } from '@/testing/app'
import { anAccount, anExecution, aPreview } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

const FREEZE: Preview['windows']['calendars'][number] = {
  id: 'id-freeze',
  name: 'Year-end freeze',
  kind: 'blackout',
  enforcement: 'block',
  at_end: 'run_on',
  time_zone: 'Europe/Berlin',
  open: false,
  changes_at: '2036-03-01T21:00:00Z',
  target_count: 1,
  targets: ['web-1'],
}
const REFUSAL = 'Nothing may begin now on 1 of 1 targets (web-1): closed by "Year-end freeze".'

/** Refuses what is run unless it comes with a reason; returns what was sent. */
function refusesOutside(path: string): { window_override?: unknown; preview_sha256?: string }[] {
  const sent: { window_override?: unknown; preview_sha256?: string }[] = []
  server.use(
    http.post(path, async ({ request }) => {
      const body = (await request.json()) as (typeof sent)[number]
      sent.push(body)
      if (!body.window_override) return refuse(409, 'outside_window', REFUSAL)
      return HttpResponse.json(anExecution('uptime'), { status: 202 })
    }),
  )
  return sent
}

async function filledIn() {
  const opened = await openApp('/run?targets=id-web-1')
  await opened.user.type(await screen.findByRole('textbox', { name: 'Command' }), 'uptime')
  return opened
}

test('what is refused as outside of windows is begun with a reason', async () => {
  const sent = refusesOutside('*/api/v3/executions')
  const { user, address } = await filledIn()

  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))
  await screen.findByText(REFUSAL)
  expect(screen.getByRole('button', { name: 'Begin outside of windows' })).toHaveProperty('disabled', true)
  await user.type(screen.getByRole('textbox', { name: 'Reason to begin all the same' }), ' disk full ')
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Begin outside of windows' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(address()).toBe('/executions/id-uptime')
  expect(sent.map(({ window_override }) => window_override)).toEqual([undefined, { reason: 'disk full' }])
})

test('who may not override is told who may', async () => {
  server.use(signedInAs(anAccount({ permissions: ['targets.read', 'executions.read', 'executions.run'] })))
  refusesOutside('*/api/v3/executions')
  const { user } = await filledIn()

  await user.click(screen.getByRole('button', { name: 'Run on 1 target' }))

  await screen.findByText(/Managers and administrators may begin it all the same/)
  expect(screen.queryByRole('button', { name: 'Begin outside of windows' })).toBeNull()
})

test('a preview shows closed windows, and what it showed is begun with a reason', async () => {
  const sent = refusesOutside('*/api/v3/executions')
  const preview = aPreview({
    windows: {
      calendars: [FREEZE, { ...FREEZE, id: 'id-night', name: 'Night', kind: 'allow', open: true }],
      refused: 1,
      opens_at: '2036-03-01T21:00:00Z',
      starts_until: null,
    },
  })
  const [first] = preview.targets
  if (first) first.closed_by = ['Year-end freeze']
  server.use(http.post('*/api/v3/executions/preview', () => HttpResponse.json(preview)))
  const { user } = await filledIn()

  await user.click(screen.getByRole('button', { name: 'Preview' }))
  await screen.findByText('Outside of its window: 1 target. Nothing would be started.')
  screen.getByText('Closed')
  screen.getByText('Open')
  screen.getByText('Closed by Year-end freeze')
  const drawer = screen.getByRole('dialog')
  const run = [...drawer.querySelectorAll('button')].find((button) =>
    button.textContent?.startsWith('Run on'),
  )
  expect(run?.disabled).toBe(true)
  expect(await axeFindings()).toEqual([])
  await user.type(screen.getByRole('textbox', { name: 'Reason to begin all the same' }), 'disk full')
  await user.click(screen.getByRole('button', { name: 'Begin outside of windows' }))

  await screen.findByRole('heading', { level: 1, name: 'uptime' })
  expect(sent).toMatchObject([{ window_override: { reason: 'disk full' }, preview_sha256: preview.sha256 }])
})

test('running again outside of windows asks for a reason, and the execution shows it', async () => {
  const sent = refusesOutside('*/api/v3/executions/:id/rerun')
  const override = { reason: 'disk full', calendars: [{ id: 'id-freeze', name: 'Year-end freeze' }] }
  tells(
    '/executions/:id',
    anExecution('uptime', { status: 'completed', window_override: override, stop_reason: 'window' }),
  )
  const { user } = await openApp('/executions/id-old')

  await screen.findByText('closed: Year-end freeze')
  screen.getByText('Stopped: its window was over')
  await user.click(screen.getByRole('button', { name: 'Run again' }))
  await user.click(await screen.findByRole('menuitem', { name: /On all/ }))
  await screen.findByText(REFUSAL)
  await user.type(screen.getByRole('textbox', { name: 'Reason to begin all the same' }), 'once more')
  await user.click(screen.getByRole('button', { name: 'Begin outside of windows' }))

  await expect.poll(() => sent.at(-1)).toEqual({ window_override: { reason: 'once more' } })
})

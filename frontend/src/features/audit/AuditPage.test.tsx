import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anAuditEntry, page } from '@/testing/data'
import { server, tells } from '@/testing/server'

test('an entry opens to what was there before and after', async () => {
  tells(
    '/audit',
    page(anAuditEntry('target.changed', { before: { port: 22 }, after: { port: 2222, tags: ['a', 'b'] } })),
  )
  const { user } = await openApp('/audit')

  await user.click(await screen.findByRole('button', { name: 'Show the entry target.changed' }))

  const drawer = within(await screen.findByRole('dialog'))
  drawer.getByRole('row', { name: 'port 22 2222' })
  drawer.getByRole('row', { name: 'tags a, b' })
  expect(await axeFindings()).toEqual([])
})

test('an entry of a flow leads to its run, and has no column for what never was before', async () => {
  const said = { message: 'The backup is done', run_id: '79d166dc-b9fc-4c3b-8909-69c4dc3b855d' }
  const object = { type: 'flow', id: 'backups', name: 'keep a record' }
  tells('/audit', page(anAuditEntry('flow.note', { object, before: null, after: said })))
  const { user } = await openApp('/audit')

  await user.click(await screen.findByRole('button', { name: 'Show the entry flow.note' }))

  const drawer = within(await screen.findByRole('dialog'))
  const link = drawer.getByRole('link', { name: '79d166dc' })
  expect(link.getAttribute('href')).toBe(`/workflows/runs/${said.run_id}`)
  expect(drawer.getAllByRole('columnheader').map(({ textContent }) => textContent)).toEqual([
    'Field',
    'After',
  ])
  expect(await axeFindings()).toEqual([])
})

test('the filters ask the API for areas, people and periods', async () => {
  const asked: URLSearchParams[] = []
  server.use(
    http.get('*/api/v3/audit', ({ request }) => {
      asked.push(new URL(request.url).searchParams)
      return HttpResponse.json(page(anAuditEntry('session.refused', { outcome: 'refused' })))
    }),
  )

  await openApp('/audit?area=session&actor=ada&since=day')

  await screen.findByText('Refused')
  expect(asked[0]?.get('action')).toBe('session.')
  expect(asked[0]?.get('actor')).toBe('ada')
  const age = Date.now() - Date.parse(asked[0]?.get('since') ?? '')
  expect(age).toBeGreaterThanOrEqual(86_400_000)
  expect(age).toBeLessThan(86_400_000 + 60_000)
})

import { screen, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aTemplate, aViewer, page } from '@/testing/data'
import { refuse, refuses, server, signedInAs, tells } from '@/testing/server'

const ONE = '/workflows/templates/id-Disk%20check'
const API = '*/api/v3/workflow-templates'

test('the list tells what people think of each template and whose it is', async () => {
  tells(
    '/workflow-templates',
    page(
      aTemplate('Disk check', { slug: 'disk-check', author_name: 'OpsConductor', may_change: false }),
      aTemplate('Mine', { is_public: false, rating: null, rating_count: 0 }),
    ),
  )
  await openApp('/workflows/templates')

  const shipped = await screen.findByRole('row', { name: /Disk check/ })
  expect(within(shipped).getByRole('img', { name: '4.5 of 5, 2 ratings' })).toBeDefined()
  expect(within(shipped).getByText('Comes with OpsConductor')).toBeDefined()
  const mine = screen.getByRole('row', { name: /Mine/ })
  expect(within(mine).getByText('Not rated yet')).toBeDefined()
  expect(within(mine).getByText('Its author')).toBeDefined()
  expect(await axeFindings()).toEqual([])
})

test('a filter is asked for and stands in the address', async () => {
  tells('/workflow-templates/categories', { categories: { Monitoring: 2 } })
  const asked: string[] = []
  server.use(
    http.get(API, ({ request }) => {
      asked.push(new URL(request.url).search)
      return HttpResponse.json(page())
    }),
  )
  const { user, address } = await openApp('/workflows/templates')
  await screen.findByText('No templates yet')
  await user.click(screen.getByRole('button', { name: 'Filter by Category' }))
  await user.click(await screen.findByRole('menuitem', { name: /Monitoring/ }))

  await screen.findByText('Nothing matches these filters')
  expect(address()).toBe('/workflows/templates?category=Monitoring')
  expect(asked.at(-1)).toContain('category=Monitoring')
})

test('a list that can not be had says why, and is asked for again', async () => {
  refuses('/workflow-templates', 503, 'unavailable', 'The database does not answer.')
  const { user } = await openApp('/workflows/templates')
  await screen.findByText('The database does not answer.')
  tells('/workflow-templates', page(aTemplate('Disk check')))
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  await screen.findByRole('row', { name: /Disk check/ })
})

test('a template shows its flow and what to set, and becomes a tab of the editor', async () => {
  const comment = { id: 'c', type: 'comment', z: 'tab', name: 'Set', info: 'Choose the **channels**.' }
  const found = aTemplate('Disk check')
  tells('/workflow-templates/:id', { ...found, template_data: [...found.template_data, comment] })
  server.use(
    http.post(`${API}/:id/use`, () =>
      HttpResponse.json({ deploy: 4, flow_id: 'f9', name: 'Disk check', missing: [] }, { status: 201 }),
    ),
  )
  const { user, address } = await openApp(ONE)
  await screen.findByRole('img', { name: 'The flow, with 1 node' })
  expect(screen.getByText('Choose the channels.')).toBeDefined()
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Use this template' }))

  await screen.findByText('Disk check is in the editor')
  expect(address()).toBe('/workflows?view=editor&flow=f9')
})

test('stars are given by key and taken back', async () => {
  let stars: number | null = null
  const rated = () => HttpResponse.json(aTemplate('Disk check', { my_stars: stars }))
  server.use(
    http.get(`${API}/:id`, rated),
    http.put(`${API}/:id/rating`, async ({ request }) => {
      stars = ((await request.json()) as { stars: number }).stars
      return rated()
    }),
    http.delete(`${API}/:id/rating`, () => {
      stars = null
      return rated()
    }),
  )
  const { user } = await openApp(ONE)
  const four = await screen.findByRole('radio', { name: '4 stars' })
  four.focus()
  await user.keyboard('{Enter}')
  await user.click(await screen.findByRole('button', { name: 'Take back' }))

  await screen.findByRole('radio', { name: '4 stars' })
  expect(screen.queryByRole('button', { name: 'Take back' })).toBeNull()
  expect(stars).toBeNull()
})

test('a change says from which version it was made, and who was faster', async () => {
  tells('/workflow-templates/:id', aTemplate('Disk check'))
  let body: unknown
  server.use(
    http.patch(`${API}/:id`, async ({ request }) => {
      body = await request.json()
      return refuse(409, 'template_changed_meanwhile', 'ada has saved version 3.')
    }),
  )
  const { user } = await openApp(`${ONE}/edit`)
  const name = await screen.findByRole('textbox', { name: 'Name' })
  await user.clear(name)
  await user.type(name, 'Disks')
  await user.click(screen.getByRole('button', { name: 'Save' }))

  await screen.findByText('ada has saved version 3.')
  expect(body).toMatchObject({ name: 'Disks', based_on: 2 })
})

test('a flow becomes a template, with what is missing said at the field', async () => {
  const nodes = aTemplate('x').template_data
  tells('/workflows/f1/export', { format: 'opsconductor-flow', version: 1, name: 'Disks', nodes })
  let body: unknown
  server.use(
    http.post(API, async ({ request }) => {
      body = await request.json()
      return HttpResponse.json(aTemplate('Disks'), { status: 201 })
    }),
  )
  tells('/workflow-templates/:id', aTemplate('Disks'))
  const { user, address } = await openApp('/workflows/templates/new/f1')
  await user.click(await screen.findByRole('button', { name: 'Save as template' }))
  expect(screen.getByText('This is needed.')).toBeDefined()
  await user.type(screen.getByRole('combobox', { name: 'Category' }), 'Monitoring')
  await user.click(screen.getByRole('button', { name: 'Save as template' }))

  await screen.findByText('Disks is kept as a template')
  expect(body).toMatchObject({
    name: 'Disks',
    category: 'Monitoring',
    is_public: false,
    template_data: nodes,
  })
  expect(address()).toBe('/workflows/templates/id-Disks')
})

test('who may not deploy looks at templates and rates them', async () => {
  server.use(signedInAs(aViewer))
  tells('/workflow-templates/:id', aTemplate('Disk check', { may_change: false }))
  const { user } = await openApp(ONE)
  await screen.findByText('What it does.')
  expect(screen.queryByRole('button', { name: 'Use this template' })).toBeNull()
  expect(screen.getByRole('radio', { name: '5 stars' })).toBeDefined()
  await user.click(screen.getByRole('button', { name: 'More actions for Disk check' }))

  expect((await screen.findAllByRole('menuitem')).map((item) => item.textContent)).toEqual(['Download'])
})

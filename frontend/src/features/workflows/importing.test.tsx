import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aViewer, aWorkflow, page } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'
import { documentIn } from './document'

const NODES = [{ id: 't', type: 'tab', label: 'Disks' }]
const PREVIEW = {
  name: 'Disks',
  nodes: 4,
  subflows: ['Twice'],
  config_nodes: [],
  groups: 0,
  shared: [],
  refers_to: [],
  missing: [{ id: '01a20c06-c4c1-742b-b37f-ba80e5e35788', kind: 'target', name: 'web-1' }],
  conflicts: [{ kind: 'name', detail: 'Disks' }],
  secrets: [],
  unknown_types: [],
  acceptable: true,
}

function previews(change: object = {}) {
  server.use(
    http.post('*/api/v3/workflows/import/preview', () => HttpResponse.json({ ...PREVIEW, ...change })),
  )
}

async function choose(content: string, name = 'flow.json') {
  const { user, view } = await openApp('/workflows?view=deployed')
  await user.click(await screen.findByRole('button', { name: 'Import' }))
  await screen.findByRole('button', { name: 'Choose a file' })
  const field = view.baseElement.querySelector<HTMLInputElement>('input[type=file]')
  await user.upload(field as HTMLInputElement, new File([content], name, { type: 'application/json' }))
  return user
}

test('a file is looked at, and becomes a tab under the name one gives it', async () => {
  previews()
  let body: unknown
  server.use(
    http.post('*/api/v3/workflows/import', async ({ request }) => {
      body = await request.json()
      return HttpResponse.json(
        { deploy: 2, flow_id: 'f9', name: 'Mine', missing: PREVIEW.missing },
        { status: 201 },
      )
    }),
  )
  const user = await choose(JSON.stringify(NODES))
  await screen.findByText('Target: web-1')
  expect(screen.getByText('There is a flow with the name “Disks” already. Both stay.')).toBeDefined()
  expect(await axeFindings()).toEqual([])
  const name = screen.getByRole('textbox', { name: 'Name of the tab' })
  await user.clear(name)
  await user.type(name, 'Mine')
  await user.click(screen.getByRole('button', { name: 'Import as a switched-off tab' }))

  await screen.findByText('Mine is imported')
  expect(body).toEqual({
    document: { format: 'opsconductor-flow', version: 1, nodes: NODES },
    name: 'Mine',
  })
  expect(screen.getByRole('link', { name: 'Open in the editor' }).getAttribute('href')).toContain('flow=f9')
})

test('secrets and unknown node types are told, and nothing can be imported', async () => {
  const secret = {
    node_id: 'n',
    node_type: 'http request',
    node_name: 'call',
    field: 'url',
    kind: 'GitHub Token',
  }
  previews({ secrets: [secret], unknown_types: ['strange'], acceptable: false })
  await choose(JSON.stringify(NODES))

  await screen.findByText('call, url: GitHub Token')
  expect(screen.getByText('strange')).toBeDefined()
  expect(screen.getByRole('button', { name: /Import as/ }).hasAttribute('disabled')).toBe(true)
})

test('a file that is no flow is said to be none', async () => {
  await choose('{"hello": 1}', 'other.json')

  await screen.findByText('“other.json” is no exported flow. Choose a JSON file of one flow.')
})

test('what the API refuses of a file is told in its words', async () => {
  server.use(
    http.post('*/api/v3/workflows/import/preview', () => refuse(422, 'not_a_flow', 'This is not one tab.')),
  )
  await choose('[]')

  await screen.findByText('This is not one tab.')
})

test('a deployed flow is exported and saved as a template from its menu', async () => {
  tells('/workflows', page(aWorkflow('Disks')))
  const { user } = await openApp('/workflows?view=deployed')
  await user.click(await screen.findByRole('button', { name: 'More actions for Disks' }))

  const words = (await screen.findAllByRole('menuitem')).map((item) => item.textContent)
  expect(words).toEqual(['Open in the editor', 'Export', 'Save as template'])
})

test('who may not deploy imports nothing', async () => {
  server.use(signedInAs(aViewer))
  await openApp('/workflows?view=deployed')
  await screen.findByText('No flows yet')

  expect(screen.queryByRole('button', { name: 'Import' })).toBeNull()
})

test('a document is read from our files and from those of Node-RED', () => {
  expect(documentIn(JSON.stringify(NODES))?.nodes).toEqual(NODES)
  expect(documentIn('{"format": "opsconductor-flow", "version": 1, "nodes": []}')?.format).toBe(
    'opsconductor-flow',
  )
  expect([documentIn('no json'), documentIn('7'), documentIn('{"nodes": []}')]).toEqual([null, null, null])
})

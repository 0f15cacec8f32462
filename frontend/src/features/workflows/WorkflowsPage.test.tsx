import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aViewer, aWorkflow, page } from '@/testing/data'
import { server, signedInAs, tells } from '@/testing/server'

function editorAnswers(status: number) {
  server.use(http.head('*/nodered/', () => new HttpResponse(null, { status })))
}

test('the editor is framed from our own origin', async () => {
  await openApp('/workflows')

  const frame = await screen.findByTitle('Workflow editor (Node-RED)')
  expect(frame.getAttribute('src')).toBe('/nodered/')
  expect(screen.getByRole('link', { name: 'Open in its own tab' }).getAttribute('href')).toBe('/nodered/')
})

test('the editor opens at the flow or the node that the address names', async () => {
  await openApp('/workflows?view=editor&flow=f1')
  expect((await screen.findByTitle('Workflow editor (Node-RED)')).getAttribute('src')).toBe(
    '/nodered/#flow/f1',
  )
})

test('a node counts more than its flow, and can not lead elsewhere', async () => {
  await openApp('/workflows?view=editor&flow=f1&node=../../login')

  const frame = await screen.findByTitle('Workflow editor (Node-RED)')
  expect(frame.getAttribute('src')).toBe('/nodered/#node/..%2F..%2Flogin')
})

test('while the editor is away the page says so instead of framing an error, and opens it after another try', async () => {
  editorAnswers(502)
  const { user } = await openApp('/workflows')
  await screen.findByText('The workflow editor does not answer')
  expect(screen.queryByTitle('Workflow editor (Node-RED)')).toBeNull()
  expect(await axeFindings()).toEqual([])

  editorAnswers(200)
  await user.click(screen.getByRole('button', { name: 'Try again' }))

  await screen.findByTitle('Workflow editor (Node-RED)')
})

test('a box without network is told in a few words', async () => {
  await openApp('/workflows')

  expect(await screen.findByText('Boxed in, without network')).toBeTruthy()
  expect(screen.queryByText('Flow authors are administrators')).toBeNull()
})

test('without a real box everybody is warned, and told when Function nodes are off', async () => {
  tells('/workflows/box', { level: 'off', functions: false })
  await openApp('/workflows')

  await screen.findByText('Flow authors are administrators')
  expect(screen.getByText(/Function nodes are off/)).toBeTruthy()
  expect(await axeFindings()).toEqual([])
})

test('an editor that refuses is not said to be away', async () => {
  editorAnswers(403)

  await openApp('/workflows')

  await screen.findByText('The workflow editor is not open to you')
})

test('the deployed flows tell their version and as whom they run', async () => {
  tells(
    '/workflows',
    page(
      aWorkflow('Patching', { version: 7 }),
      aWorkflow('Certificates', {
        run_as: { id: null, username: 'olaf', is_active: false },
        is_active: false,
      }),
    ),
  )
  tells(
    '/workflows/flow-Patching/versions',
    page({
      version: 7,
      name: 'Patching',
      deployed_by: 'dora',
      deployed_at: '2026-03-01T10:00:00Z',
      sha256: 'abcdef0123',
    }),
  )
  const { user } = await openApp('/workflows?view=deployed')

  await screen.findByRole('cell', { name: 'dora' })
  screen.getByText('olaf (disabled)')
  await user.click(screen.getByRole('button', { name: 'Patching' }))

  await screen.findByText('Version 7')
  expect(await axeFindings()).toEqual([])
})

test('who may not deploy is told that they can only look', async () => {
  server.use(signedInAs(aViewer))

  await openApp('/workflows')

  await screen.findByText('You can look at flows; your role does not deploy changes.')
})

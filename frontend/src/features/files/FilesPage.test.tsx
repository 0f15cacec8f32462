import { fireEvent, screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aFile, anAccount, aViewer, page } from '@/testing/data'
import { refuse, server, signedInAs, tells } from '@/testing/server'

test('files are listed with where they come from, and can be downloaded', async () => {
  tells(
    '/files',
    page(
      aFile('app.tar.gz', { size: 3_145_728 }),
      aFile('logs.tar', { purpose: 'download', execution_id: 'run-1', created_by_name: '' }),
    ),
  )
  await openApp('/files')

  const [, first, second] = await screen.findAllByRole('row')
  within(first as HTMLElement).getByText('3.0 MiB')
  within(first as HTMLElement).getByText('uploaded by ada')
  const link = within(first as HTMLElement).getByRole('link', { name: 'app.tar.gz' })
  expect(link).toHaveProperty('pathname', '/api/v3/files/id-app.tar.gz/content')
  expect(link.hasAttribute('download')).toBe(true)
  const run = within(second as HTMLElement).getByRole('link', { name: 'fetched by an execution' })
  expect(run.getAttribute('href')).toBe('/executions/run-1')
  expect(await axeFindings()).toEqual([])
})

test('chosen files are sent one after the other, as they are', async () => {
  const sent: [string | null, string][] = []
  server.use(
    http.post('*/api/v3/files', async ({ request }) => {
      sent.push([new URL(request.url).searchParams.get('name'), await request.text()])
      return HttpResponse.json(aFile('any'), { status: 201 })
    }),
  )
  const { user, view } = await openApp('/files')
  await screen.findByText('No files yet')

  const input = view.container.querySelector('input[type=file]') as HTMLInputElement
  await user.upload(input, [new File(['one'], 'a & b.txt'), new File(['two'], 'zwei.txt')])

  await screen.findByText('zwei.txt uploaded')
  expect(sent).toEqual([
    ['a & b.txt', 'one'],
    ['zwei.txt', 'two'],
  ])
  await waitFor(() => expect(screen.queryByRole('list', { name: 'Files on their way' })).toBeNull())
})

test('a refused file says why, the next one is sent, and the refused one can be taken off', async () => {
  server.use(
    http.post('*/api/v3/files', ({ request }) =>
      request.url.includes('big')
        ? refuse(413, 'request_too_large', 'The request body is larger than 2048 MiB; send less.')
        : HttpResponse.json(aFile('small'), { status: 201 }),
    ),
  )
  const { user } = await openApp('/files')
  const empty = await screen.findByText('No files yet')

  fireEvent.drop(empty, {
    dataTransfer: { types: ['Files'], items: [], files: [new File(['x'], 'big'), new File(['y'], 'small')] },
  })

  await screen.findByText(/Not uploaded: The request body is larger than 2048 MiB/)
  await screen.findByText('small uploaded')
  expect(await axeFindings()).toEqual([])
  await user.click(screen.getByRole('button', { name: 'Take big off the list' }))
  expect(screen.queryByText(/Not uploaded/)).toBeNull()
})

test('a file is deleted after a question', async () => {
  const deleted: string[] = []
  tells('/files', page(aFile('old.iso')))
  server.use(
    http.delete('*/api/v3/files/:id', ({ params }) => {
      deleted.push(String(params.id))
      return new HttpResponse(null, { status: 204 })
    }),
  )
  const { user } = await openApp('/files')

  await user.click(await screen.findByRole('button', { name: 'More actions for old.iso' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Delete' }))
  expect(deleted).toEqual([])
  await user.click(await screen.findByRole('button', { name: 'Delete' }))

  await screen.findByText('old.iso deleted')
  expect(deleted).toEqual(['id-old.iso'])
})

test('who may only read sees no way to upload or delete', async () => {
  server.use(signedInAs(anAccount({ role: 'operator', permissions: ['files.read'] })))
  tells('/files', page(aFile('app')))
  const { user } = await openApp('/files')

  await user.click(await screen.findByRole('button', { name: 'More actions for app' }))

  await screen.findByRole('menuitem', { name: 'Download' })
  expect(screen.queryByRole('menuitem', { name: 'Delete' })).toBeNull()
  expect(screen.queryByRole('button', { name: 'Upload files' })).toBeNull()
})

test('a viewer is told that the page is not for them', async () => {
  server.use(signedInAs(aViewer))
  await openApp('/files')

  await screen.findByText('Your role does not allow this')
  expect(screen.queryByRole('link', { name: 'Files' })).toBeNull()
})

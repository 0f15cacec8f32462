import { screen, within } from '@testing-library/react'
import { delay, HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aDeploy, aFlowVersion, aViewer, aWorkflow, page } from '@/testing/data'
import { server, signedInAs, tells } from '@/testing/server'

const OLD = '/workflows/flows/f1/versions/1'

function twoVersions() {
  tells('/workflows/f1/versions', page(aFlowVersion(2), aFlowVersion(1)))
  tells('/workflows/f1/versions/1', aFlowVersion(1))
  tells('/workflows/f1/versions/2', aFlowVersion(2))
  tells('/workflows/f1/diff', {
    before: 1,
    after: 2,
    changes: [
      {
        id: 'n2',
        type: 'function',
        name: 'count',
        kind: 'changed',
        fields: [
          { name: 'func', before: 'return 1', after: 'return 2' },
          { name: 'info', before: '', after: null },
        ],
      },
      { id: 'n3', type: 'debug', name: '', kind: 'added', fields: [] },
    ],
  })
}

test('a version shows its picture, and what was changed since', async () => {
  twoVersions()

  await openApp(OLD)

  await screen.findByRole('img', { name: 'The flow, with 2 nodes' })
  await screen.findByText('Changed since then, up to version 2')
  screen.getByText('return 1')
  screen.getByText('return 2')
  screen.getByText('an empty text')
  screen.getByText('nothing')
  screen.getByText('Added')
  expect(await axeFindings()).toEqual([])
})

test('versions that are too many for one page are loaded on demand', async () => {
  tells('/workflows', page(aWorkflow('Patching')))
  server.use(
    http.get('*/api/v3/workflows/flow-Patching/versions', ({ request }) =>
      HttpResponse.json(
        new URL(request.url).searchParams.get('cursor') === 'older'
          ? page(aFlowVersion(1))
          : { ...page(aFlowVersion(2)), next_cursor: 'older' },
      ),
    ),
  )
  const { user } = await openApp('/workflows?view=deployed')
  await user.click(await screen.findByRole('button', { name: 'Patching' }))
  const versions = await screen.findByRole('list', { name: 'Versions of Patching' })
  within(versions).getByText('Version 2')

  await user.click(screen.getByRole('button', { name: 'Load more' }))

  await within(versions).findByText('Version 1')
})

test('the newest version shows what it changed, and has no way back', async () => {
  twoVersions()

  await openApp('/workflows/flows/f1/versions/2')

  await screen.findByText('Changed since version 1')
  expect(screen.queryByRole('button', { name: 'Restore' })).toBeNull()
})

/** Tells what differs between any two of four versions, by naming them. */
function fourVersions() {
  const numbers = [4, 3, 2, 1]
  tells('/workflows/f1/versions', page(...numbers.map((number) => aFlowVersion(number))))
  for (const number of numbers) tells(`/workflows/f1/versions/${number}`, aFlowVersion(number))
  server.use(
    http.get('*/api/v3/workflows/f1/diff', ({ request }) => {
      const asked = new URL(request.url).searchParams
      const [before, after] = [Number(asked.get('before')), Number(asked.get('after'))]
      const field = { name: 'func', before: `return ${before}`, after: `return ${after}` }
      const change = { id: 'n2', type: 'function', name: 'count', kind: 'changed', fields: [field] }
      return HttpResponse.json({ before, after, changes: [change] })
    }),
  )
}

test('any two versions are compared, the older one first', async () => {
  fourVersions()
  const { user } = await openApp('/workflows/flows/f1/versions/2')
  await screen.findByText('Changed since then, up to version 4')

  const other = screen.getByRole('combobox', { name: 'Compare with' })
  expect(other).toHaveProperty('value', 'Version 4')
  await user.click(other)
  await user.click(await screen.findByRole('option', { name: 'Version 1' }))

  await screen.findByText('Changed since version 1')
  await screen.findByText('return 1')
  screen.getByText('return 2')
  expect(screen.queryByRole('option', { name: 'Version 2' })).toBeNull()
  expect(await axeFindings()).toEqual([])
})

test('a comparison has an address of its own', async () => {
  fourVersions()
  await openApp('/workflows/flows/f1/versions/1?against=3')

  await screen.findByText('Changed since then, up to version 3')
  await screen.findByText('return 3')
})

test.each(['1', '9', '-2', 'x', '1.5'])(
  'compared with %s, which can not be, it is the newest',
  async (against) => {
    fourVersions()
    await openApp(`/workflows/flows/f1/versions/1?against=${against}`)

    await screen.findByText('Changed since then, up to version 4')
  },
)

test('no way back is offered before it is known which version is the newest', async () => {
  twoVersions()
  server.use(http.get('*/api/v3/workflows/f1/versions', () => delay('infinite')))

  await openApp('/workflows/flows/f1/versions/2')

  await screen.findByRole('img', { name: 'The flow, with 2 nodes' })
  expect(screen.queryByRole('button', { name: 'Restore' })).toBeNull()
})

test('a version is restored after a question', async () => {
  twoVersions()
  const restored: string[] = []
  server.use(
    http.post('*/api/v3/workflows/f1/versions/1/restore', ({ request }) => {
      restored.push(request.url)
      return HttpResponse.json({ deploy: 9 })
    }),
  )
  const { user } = await openApp(OLD)

  await user.click(await screen.findByRole('button', { name: 'Restore' }))
  expect(restored).toEqual([])
  await user.click(within(await screen.findByRole('dialog')).getByRole('button', { name: 'Restore' }))

  await screen.findByText('Version 1 is deployed again')
  expect(restored).toHaveLength(1)
})

test('who may not deploy is not offered to restore', async () => {
  server.use(signedInAs(aViewer))
  twoVersions()

  await openApp(OLD)

  await screen.findByText('Changed since then, up to version 2')
  expect(screen.queryByRole('button', { name: 'Restore' })).toBeNull()
})

test('deploys tell what changed, and what they were for can be written down', async () => {
  let message = ''
  server.use(
    http.get('*/api/v3/deploys', () => HttpResponse.json(page(aDeploy(2, { message }), aDeploy(1)))),
    http.patch('*/api/v3/deploys/2', async ({ request }) => {
      message = ((await request.json()) as { message: string }).message
      return HttpResponse.json(aDeploy(2, { message }))
    }),
  )
  const { user } = await openApp('/workflows?view=deploys')

  await screen.findAllByText('Patching')
  expect(screen.queryByRole('button', { name: 'Restore deploy 2' })).toBeNull()
  screen.getByRole('button', { name: 'Restore deploy 1' })
  await user.click(screen.getByRole('button', { name: 'What deploy 2 was for' }))
  await user.type(
    screen.getByRole('textbox', { name: 'What deploy 2 was for' }),
    'For the night shift{Enter}',
  )

  await screen.findByText('For the night shift')
  expect(await axeFindings()).toEqual([])
})

test('what was written down of a deploy is shown while it is being saved', async () => {
  tells('/deploys', page(aDeploy(1, { message: 'For the day shift' })))
  server.use(http.patch('*/api/v3/deploys/1', () => delay('infinite')))
  const { user } = await openApp('/workflows?view=deploys')

  await user.click(await screen.findByText('For the day shift'))
  await user.clear(screen.getByRole('textbox', { name: 'What deploy 1 was for' }))
  await user.keyboard('For the night shift{Enter}')

  await screen.findByText('For the night shift')
})

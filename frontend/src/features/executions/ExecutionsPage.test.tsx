import { screen } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { anExecution, page } from '@/testing/data'
import { server, tells } from '@/testing/server'

test('each execution is a row with its status and its counts in words', async () => {
  tells(
    '/executions',
    page(anExecution('uptime', { status: 'failed', counts: { completed: 4, failed: 1 } }), anExecution('df')),
  )

  const { user, address } = await openApp('/executions')

  await screen.findByRole('img', { name: '4 Completed, 1 Failed' })
  expect(await axeFindings()).toEqual([])
  tells('/executions/id-df', anExecution('df'))
  await user.click(screen.getByRole('link', { name: 'df' }))
  await screen.findByRole('heading', { level: 1, name: 'df' })
  expect(address()).toBe('/executions/id-df')
})

test('a further page is added below the first', async () => {
  server.use(
    http.get('*/api/v3/executions', ({ request }) => {
      const second = new URL(request.url).searchParams.get('cursor') === 'two'
      return HttpResponse.json({
        items: [anExecution(second ? 'older' : 'newer')],
        total: 2,
        next_cursor: second ? null : 'two',
      })
    }),
  )
  const { user } = await openApp('/executions')

  await user.click(await screen.findByRole('button', { name: 'Load more' }))

  await screen.findByRole('link', { name: 'older' })
  screen.getByRole('link', { name: 'newer' })
  screen.getByText('2 of 2')
})

test('the status chosen in the chip stands in the address', async () => {
  const { user, address } = await openApp('/executions')

  await user.click(await screen.findByRole('button', { name: 'Filter by Status' }))
  await user.click(await screen.findByRole('menuitem', { name: 'Running' }))

  await screen.findByRole('heading', { name: 'Nothing matches these filters' })
  expect(address()).toBe('/executions?status=running')
})

import { screen, waitFor, within } from '@testing-library/react'
import { HttpResponse, http } from 'msw'
import { beforeEach, expect, test } from 'vitest'
import { axeFindings, openApp } from '@/testing/app'
import { aGroup, anExecution, aResult, linesOf, page, theGroups } from '@/testing/data'
import { refuse, server, tells } from '@/testing/server'

const long = aResult('web-1', {
  status: 'completed',
  exit_code: 0,
  output_text: 'line 1\n',
  output_bytes: 8_000_000,
  output_truncated: true,
})

/** Answers as an output of so many lines does; returns the beginnings that were asked for. */
function tellsLines(total: number): number[] {
  const asked: number[] = []
  server.use(
    http.get('*/api/v3/executions/:id/results/:result/lines', ({ request }) => {
      const wanted = new URL(request.url).searchParams
      const from = Number(wanted.get('from'))
      asked.push(from)
      return HttpResponse.json(linesOf(total, from, Number(wanted.get('limit'))))
    }),
  )
  return asked
}

/** Opens the result with the long output. */
async function openLong() {
  const { user } = await openApp('/executions/id-uptime?result=result-web-1')
  const lines = await screen.findByLabelText('Standard output, web-1')
  return { user, lines }
}

beforeEach(() => {
  tells('/executions/id-uptime', anExecution('uptime', { counts: { completed: 2 } }))
  tells('/executions/id-uptime/results', page(long, aResult('db-1', { status: 'completed' })))
})

test('a long output shows its lines with numbers, and any line of a million when it is asked for', async () => {
  const asked = tellsLines(1_000_000)
  const { user, lines } = await openLong()

  await within(lines).findByText('line 300')
  screen.getByText('1,000,000 lines')
  screen.getByText('SHA-256 5f70bf18a086…')
  await user.type(screen.getByLabelText('Go to line'), '900000{Enter}')

  await within(lines).findByText('line 900000')
  expect(within(lines).queryByText('line 1')).toBeNull()
  screen.getByText('Line 900,000 of 1,000,000')
  expect(asked.length).toBeLessThan(10)
})

test('the viewer can be used without seeing it', async () => {
  tellsLines(5)
  const { lines } = await openLong()
  await within(lines).findByText('line 5')

  expect(await axeFindings()).toEqual([])
})

test('Home and End go to the ends of the whole output', async () => {
  tellsLines(5_000)
  const { user, lines } = await openLong()
  lines.focus()

  await user.keyboard('{End}')
  await within(lines).findByText('line 5000')
  await user.keyboard('{Home}')
  await within(lines).findByText('line 1')
})

test('a search in an output counts its hits and goes from one to the next', async () => {
  tellsLines(5_000)
  const asked: URLSearchParams[] = []
  server.use(
    http.get('*/api/v3/executions/:id/search', ({ request }) => {
      asked.push(new URL(request.url).searchParams)
      return HttpResponse.json(theHits([7, 4000, 4500]))
    }),
  )
  const { user } = await openLong()
  await user.type(screen.getByLabelText('Search in this output'), 'full')

  await screen.findByText('1 of 3')
  await user.keyboard('{Enter}')
  await screen.findByText('2 of 3')
  const hit = (await screen.findByText('line 4000')).closest('[data-hit]')
  expect(hit?.getAttribute('data-hit')).toBe('current')
  expect(asked.at(-1)?.get('result_id')).toBe('result-web-1')
})

function theHits(numbers: number[]) {
  const matches = numbers.map((number) => ({
    number,
    text: 'disk full',
    cut: false,
    before: ['a'],
    after: ['b'],
  }))
  const where = { result_id: 'result-web-1', target_name: 'web-1', status: 'completed', stream: 'stdout' }
  return {
    found: [{ ...where, count: numbers.length, matches }],
    lines_found: numbers.length,
    searched_targets: 1,
    total_targets: 2,
    searched_bytes: 100,
    complete: true,
    unsearched: [],
    next_cursor: null,
    removed_at: null,
    note: null,
  }
}

test('an output that retention deleted says so in its place', async () => {
  const note = 'Deleted by retention on 2026-05-30. Sizes and hashes are still known.'
  tells('/executions/id-uptime/results', page({ ...long, output_text: '' }))
  tells(
    '/executions/id-uptime/results/result-web-1/lines',
    linesOf(0, 0, 0, { note, total_bytes: 8_000_000 }),
  )
  await openApp('/executions/id-uptime?result=result-web-1')

  await screen.findByText(note)
  expect(screen.queryByText(/Only the first/)).toBeNull()
})

test('what was not kept is said, with the end of it', async () => {
  const change = { truncated: true, tail: 'the very end\n', kept_bytes: 1024, total_bytes: 4096 }
  tells('/executions/id-uptime/results/result-web-1/lines', linesOf(3, 0, 3, change))
  await openApp('/executions/id-uptime?result=result-web-1')

  await screen.findByText(/More was written than is kept: 1.0 KiB of 4.0 KiB/)
  screen.getByText('the very end')
})

test('identical outputs are one group, and the sentence says how many are not', async () => {
  const odd = aGroup(['db-1'], {
    difference: { kind: 'line', stream: 'stdout', line: 4, left: 'cache on', right: 'cache off' },
  })
  const many = aGroup(['web-1', 'web-2'], { count: 987 })
  tells('/executions/id-uptime/groups', theGroups([many, odd], { differ: 13, first_difference: 4 }))
  const { user, address } = await openApp('/executions/id-uptime')

  await user.click(await screen.findByRole('radio', { name: 'Identical' }))

  await screen.findByText('987 the same, 13 differ: first difference in line 4')
  screen.getByText('web-1, web-2 and 985 more')
  screen.getByText('Differs in line 4 of standard output')
  screen.getByText('cache off')
  expect(address()).toBe('/executions/id-uptime?view=groups')
  expect(await axeFindings()).toEqual([])
})

test('a group is compared with the largest one', async () => {
  const groups = [aGroup(['web-1', 'web-2']), aGroup(['db-1'], { status: 'failed' })]
  tells('/executions/id-uptime/groups', theGroups(groups))
  const side = {
    execution_id: 'id-uptime',
    status: 'completed',
    exit_code: 0,
    started_at: null,
    total_bytes: 20,
  }
  const facts = { sha256: 'aa', removed_at: null, note: null }
  tells('/executions/compare', {
    left: { ...side, ...facts, result_id: 'result-web-1', target_name: 'web-1' },
    right: { ...side, ...facts, result_id: 'result-db-1', target_name: 'db-1' },
    stream: 'stdout',
    same: false,
    difference: { kind: 'line', stream: 'stdout', line: 2, left: 'on', right: 'off' },
    rows: [
      { kind: 'gap', left: 1, right: 1, text: '' },
      { kind: 'same', left: 1, right: 1, text: 'cache' },
      { kind: 'removed', left: 2, right: null, text: 'on' },
      { kind: 'added', left: null, right: 2, text: 'off' },
    ],
    cut: true,
    rows_cut: false,
    complete: true,
  })
  const { user, address } = await openApp('/executions/id-uptime?view=groups')
  await user.click(await screen.findByRole('button', { name: 'Compare with the largest group' }))

  const drawer = await screen.findByRole('dialog', { name: 'Comparison' })
  await within(drawer).findByText('off')
  within(drawer).getByText(/Only the first 20,000 lines/)
  expect(address()).toBe('/executions/id-uptime?view=groups&left=result-web-1&right=result-db-1')
  await user.keyboard('{Escape}')
  await waitFor(() => expect(address()).toBe('/executions/id-uptime?view=groups'))
})

test('a search through all outputs tells where, how often, and goes on with the other targets', async () => {
  const cursors: (string | null)[] = []
  server.use(
    http.get('*/api/v3/executions/:id/search', ({ request }) => {
      const cursor = new URL(request.url).searchParams.get('cursor')
      cursors.push(cursor)
      const more = { next_cursor: cursor ? null : 'next', found: cursor ? [] : theHits([7]).found }
      return HttpResponse.json({ ...theHits([7]), lines_found: cursor ? 0 : 1, ...more })
    }),
  )
  const { user, address } = await openApp('/executions/id-uptime')
  await user.click(await screen.findByRole('button', { name: 'Search' }))
  await user.type(await screen.findByRole('searchbox', { name: /Search the outputs/ }), 'full{Enter}')

  await screen.findByText('1 lines on 1 targets')
  expect(address()).toBe('/executions/id-uptime?find=full')
  expect(screen.getByText('full').tagName).toBe('MARK')
  await user.click(screen.getByRole('button', { name: 'Search on' }))
  await screen.findByText('2 of 2 targets searched')
  expect(cursors).toEqual([null, 'next'])
})

test('a pattern that is none is said in the words of the server', async () => {
  const said = 'This is no regular expression (missing )); correct it, or search for plain text.'
  server.use(http.get('*/api/v3/executions/:id/search', () => refuse(422, 'bad_pattern', said)))
  await openApp('/executions/id-uptime?find=(')

  await screen.findByText(said)
})

test('everything can be taken away in four formats', async () => {
  const { user } = await openApp('/executions/id-uptime')
  await user.click(await screen.findByRole('button', { name: 'Download' }))

  const addresses = (await screen.findAllByRole('menuitem')).map((item) => item.getAttribute('href'))
  expect(addresses).toEqual(
    ['zip', 'text', 'json', 'csv'].map((format) => `/api/v3/executions/id-uptime/download?format=${format}`),
  )
})

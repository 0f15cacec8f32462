'use strict'

const assert = require('node:assert/strict')
const { test } = require('node:test')
const { eventsOf } = require('../lib/events')
const { EXECUTOR, aFlow, until } = require('../../test-support/flows')

const THREE = [1, 2, 3]

/** @param {import('../../test-support/bridge').TestBridge} bridge */
function executions (bridge) {
  return [...bridge.executions.values()]
}

test('all messages share one stream', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false })
  for (const _ of THREE) flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.executions.size === 3 && flow.bridge.streams)
  assert.equal(flow.bridge.requests('GET', '/api/workflow/events').length, 1)
  for (const execution of executions(flow.bridge)) flow.bridge.finish(execution)
  await until(() => flow.out.length === 3)
  await flow.close()
})

test('what ended while the stream was broken is found after the reconnect', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.executions.size && flow.bridge.streams)
  flow.bridge.finish(executions(flow.bridge)[0])
  await until(() => flow.out.length === 1)

  // This one waits by the stream from its start.
  flow.send('executor', { targets: flow.bridge.targets })
  const second = await until(() => executions(flow.bridge)[1])
  flow.bridge.dropStreams()
  await until(() => !flow.bridge.streams)
  flow.bridge.finish(second)
  await until(() => flow.out.length === 2)
  await flow.close()
})

test('what goes on is not asked about before something is heard of it', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false })
  for (let count = 0, asked = ''; asked !== 'POST execute, GET results'; count++) { // the first ones find no stream yet
    const before = flow.bridge.asked.length
    flow.send('executor', { targets: flow.bridge.targets })
    flow.bridge.finish(await until(() => executions(flow.bridge)[count]))
    await until(() => flow.out.length === count + 1)
    asked = flow.bridge.asked.slice(before).map(({ method, path }) => `${method} ${path.split('/')[3]}`).join(', ')
  }
  await flow.close()
})

test('what ended before it was known to be accepted is found by what was heard meanwhile', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.executions.size && flow.bridge.streams)
  flow.bridge.finish(executions(flow.bridge)[0])
  await until(() => flow.out.length === 1)

  Object.assign(flow.bridge, { endsAtOnce: true, answersAfter: 200 })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.out.length === 2)
  assert.equal(flow.caught.length, 0)
  await flow.close()
})

test('B5: a stream that broke goes on where it ended, and only what happened meanwhile is looked at', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false, resumes: true })
  flow.send('executor', { targets: flow.bridge.targets })
  await until(() => flow.bridge.executions.size && flow.bridge.streams)
  flow.bridge.finish(executions(flow.bridge)[0])
  await until(() => flow.out.length === 1)

  for (const _ of THREE) flow.send('executor', { targets: flow.bridge.targets })
  /** @type {(what: string, id: string) => number} */
  const times = (what, id) => flow.bridge.requests('GET', `/api/workflow/${what}/${id}`).length
  const asked = () => executions(flow.bridge).slice(1).map(({ id }) => `${times('state', id)}+${times('results', id)}`)
  await until(() => asked().length === 3)
  const polls = () => flow.bridge.requests('GET', '/api/workflow/results').filter(({ query }) => query.has('wait')).length
  const polled = polls()
  flow.bridge.dropStreams()
  await until(() => !flow.bridge.streams)
  flow.bridge.finish(executions(flow.bridge)[2])
  await until(() => flow.out.length === 2)
  assert.deepEqual(asked(), ['0+0', '0+1', '0+0'])
  assert.equal(flow.bridge.requests('GET', '/api/workflow/events').length, 2)
  assert.equal(polls(), polled)
  await flow.close()
})

test('a bridge that was away and came back is waited for', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false })
  flow.send('executor', { targets: flow.bridge.targets })
  const execution = await until(() => executions(flow.bridge)[0])
  await flow.bridge.stop()
  flow.bridge.finish(execution)
  await new Promise(resolve => setTimeout(resolve, 300))
  await flow.bridge.start()
  await until(() => flow.out.length === 1)
  assert.equal(flow.caught.length, 0)
  await flow.close()
})

test('without a stream it waits by long polls', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false, hasEvents: false })
  flow.send('executor', { targets: flow.bridge.targets })
  const execution = await until(() => executions(flow.bridge)[0])
  const [poll] = await until(() => flow.bridge.requests('GET', '/api/workflow/results').length ? flow.bridge.requests('GET', '/api/workflow/results') : null)
  assert.equal(poll.query.toString(), 'wait=25&output=true')
  flow.bridge.finish(execution)
  await until(() => flow.out.length === 1)
  await flow.close()
})

test('once the stream is there, what was waited for without it is followed step by step, too', async () => {
  const flow = await aFlow([EXECUTOR], { endsAtOnce: false, hasEvents: false })
  flow.send('executor', { targets: flow.bridge.targets })
  const execution = await until(() => executions(flow.bridge)[0])
  await until(() => flow.bridge.requests('GET', '/api/workflow/results').length)
  flow.bridge.hasEvents = true
  await until(() => flow.bridge.streams)
  flow.bridge.progress(execution)
  await until(() => flow.statuses.some(({ text }) => text === 'running 1/3'))

  assert.equal(flow.out.length, 0)
  flow.bridge.finish(execution)
  await until(() => flow.out.length === 1)
  assert.equal(flow.caught.length, 0)
})

test('events are read across any borders of the pieces they arrive in', async () => {
  const text = ': keep-alive\n\nevent: hello\ndata: {}\n\nevent: execution\r\nid: 7\r\ndata: {"a":\r\ndata: "é"}\r\n\r\n'
  const bytes = new TextEncoder().encode(text)
  for (const size of [1, 2, 5, bytes.length]) {
    const pieces = new ReadableStream({
      start (controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size))
        controller.close()
      }
    })
    const heard = []
    for await (const event of eventsOf(new Response(pieces), () => {})) heard.push(event)
    assert.deepEqual(heard, [{ event: 'hello', data: '{}', id: '' }, { event: 'execution', data: '{"a":\n"é"}', id: '7' }])
  }
})

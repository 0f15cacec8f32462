import browserConsole from 'node:console'
import { notifications } from '@mantine/notifications'
import { cleanup, configure } from '@testing-library/react'
import { afterAll, afterEach, beforeAll, beforeEach, vi } from 'vitest'
import { startI18n } from '@/app/i18n'
import { FakeEventSource } from './events'
import { server } from './server'

beforeAll(() => {
  startI18n()
  server.listen({ onUnhandledFrame: 'error' })
})

// The browser tells of every refused request, and that it loads no frames; what a test expects, it says itself.
browserConsole.error = () => undefined

// Text fields that grow look for new faces of type; there are none here.
Object.defineProperty(document, 'fonts', { value: new EventTarget(), configurable: true })

// ms; a machine that does other things as well must not fail what is only slow
configure({ asyncUtilTimeout: 5_000 })

beforeEach(() => {
  vi.stubGlobal('EventSource', FakeEventSource)
})

afterEach(() => {
  cleanup()
  server.resetHandlers()
  FakeEventSource.forget()
  localStorage.clear()
  notifications.clean()
  document.title = ''
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
  vi.unstubAllGlobals()
})

afterAll(() => server.close())

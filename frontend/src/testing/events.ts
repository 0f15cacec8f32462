import { act } from '@testing-library/react'

/** An event source whose events are written by the test. */
export class FakeEventSource extends EventTarget {
  static readonly CONNECTING = 0
  static readonly OPEN = 1
  static readonly CLOSED = 2
  static readonly all: FakeEventSource[] = []

  readonly url: string
  readyState: number = FakeEventSource.CONNECTING

  constructor(url: string) {
    super()
    this.url = url
    FakeEventSource.all.push(this)
  }

  static get last(): FakeEventSource {
    const found = FakeEventSource.all.at(-1)
    if (!found) throw new Error('nothing follows an event stream')
    return found
  }

  static forget(): void {
    FakeEventSource.all.length = 0
  }

  close(): void {
    this.readyState = FakeEventSource.CLOSED
  }

  open(): void {
    this.readyState = FakeEventSource.OPEN
    act(() => void this.dispatchEvent(new Event('open')))
  }

  send(event: 'snapshot' | 'result' | 'execution', data: object): void {
    act(() => void this.dispatchEvent(new MessageEvent(event, { data: JSON.stringify(data) })))
  }

  break(readyState: number): void {
    this.readyState = readyState
    act(() => void this.dispatchEvent(new Event('error')))
  }
}

/** The part of Node-RED's API that our nodes and plugins use. */
import type { NodeStatus } from './statuses'

export type Send = (messages: unknown) => void
type Done = (error?: Error) => void

export interface Node {
  id: string
  type: string
  name?: string
  z?: string
  _flow?: { path?: string; getNode?(id: string, here: boolean): unknown }
  _alias?: string
  _expectedDoneCount?: number
  on(event: 'input', listener: (msg: any, send: Send, done: Done) => void): void
  on(event: 'close', listener: (removed: boolean, done: () => void) => void): void
  status(status: NodeStatus): void
  receive(msg: object): void
  log(said: string): void
  warn(said: string): void
}

export interface SendEvent {
  msg: any
  source: { node: Node, port: number }
  destination: { node: Node }
}

export interface ReceiveEvent {
  msg: any
  destination: { node: Node }
}

export interface CompleteEvent {
  msg: any
  node: { node: Node }
  error?: unknown
}

export interface Request {
  headers: Record<string, string | string[] | undefined>
  query: Record<string, unknown>
  body?: unknown
}

export interface Response {
  status(code: number): Response
  json(body: unknown): void
}

export type Middleware = (request: Request, response: Response, next: () => void) => void

export interface RED {
  nodes: {
    createNode(node: Node, config: unknown): void
    getNode(id: string): unknown
    registerType(type: string, constructor: (this: any, config: any) => void, options?: {
      credentials?: Record<string, { type: 'text' | 'password' }>
      settings?: Record<string, { value: unknown, exportable: boolean }>
    }): void
  }
  plugins: { registerPlugin(id: string, definition: Record<string, unknown>): void }
  hooks: { add(name: string, hook: (event: any) => unknown): void }
  events: { on(name: string, listener: () => void): void, once(name: string, listener: () => void): void }
  httpAdmin: {
    get(path: string, ...handlers: Middleware[]): void
    post(path: string, ...handlers: Middleware[]): void
  }
  auth: { needsPermission(permission: string): Middleware }
  util: {
    cloneMessage<T>(msg: T): T
    evaluateNodeProperty(
      value: string,
      type: string,
      node: Node,
      msg: unknown,
      callback: (error: Error | null, value: unknown) => void
    ): void
  }
}

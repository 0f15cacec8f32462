/** The API as the tests meet it: signed in as an administrator, everything else empty. */
import { HttpResponse, http } from 'msw'
import { setupServer } from 'msw/node'
import { aChain, anAccount, aTarget, linesOf, page } from './data'

const api = '*/api/v3'

export function refuse(
  status: number,
  code: string,
  detail: string,
  errors?: { field: string; message: string }[],
) {
  return HttpResponse.json({ detail, code, request_id: 'req-42', errors: errors ?? null }, { status })
}

export function signedInAs(account: ReturnType<typeof anAccount>) {
  return http.get(`${api}/auth/me`, () => HttpResponse.json({ user: account, session: null }))
}

export const signedOut = http.get(`${api}/auth/me`, () => refuse(401, 'not_signed_in', 'Sign in first.'))

export const server = setupServer(
  signedInAs(anAccount()),
  http.get(`${api}/setup`, () => HttpResponse.json({ needed: false })),
  http.get(`${api}/targets/facets`, () =>
    HttpResponse.json({ os_type: {}, environment: {}, status: {}, tag: {} }),
  ),
  http.get(`${api}/targets`, () => HttpResponse.json(page())),
  http.get(`${api}/targets/:id`, ({ params }) =>
    HttpResponse.json(aTarget(String(params.id).slice('id-'.length))),
  ),
  http.get(`${api}/targets/:id/windows`, () =>
    HttpResponse.json({ open: true, changes_at: null, calendars: [] }),
  ),
  http.get(`${api}/calendars`, () => HttpResponse.json(page())),
  http.get(`${api}/credentials`, () => HttpResponse.json(page())),
  http.get(`${api}/scripts`, () => HttpResponse.json(page())),
  http.get(`${api}/executions`, () => HttpResponse.json(page())),
  http.get(`${api}/executions/:id/results`, () => HttpResponse.json(page())),
  http.get(`${api}/files`, () => HttpResponse.json(page())),
  http.get(`${api}/executions/:id/results/:result/lines`, () => HttpResponse.json(linesOf(0))),
  http.get(`${api}/workflows/box`, () => HttpResponse.json({ level: 'full', functions: true })),
  http.get(`${api}/workflows`, () => HttpResponse.json(page())),
  http.get(`${api}/workflow-executions`, () => HttpResponse.json(page())),
  http.get(`${api}/workflow-templates`, () => HttpResponse.json(page())),
  http.get(`${api}/workflow-templates/categories`, () => HttpResponse.json({ categories: {} })),
  http.get(`${api}/workflow-templates/:id/versions`, () => HttpResponse.json(page())),
  http.get(`${api}/workflow-tokens`, () => HttpResponse.json(page())),
  http.get(`${api}/hooks`, () => HttpResponse.json(page())),
  http.get(`${api}/users`, () => HttpResponse.json(page())),
  http.get(`${api}/notifications`, () => HttpResponse.json(page())),
  http.get(`${api}/notification-channels`, () => HttpResponse.json(page())),
  http.get(`${api}/notification-channels/:id/deliveries`, () => HttpResponse.json(page())),
  http.get(`${api}/audit`, () => HttpResponse.json(page())),
  http.get(`${api}/audit/chain`, () => HttpResponse.json(aChain({ position: 0 }))),
  http.head('*/nodered/', () => new HttpResponse(null, { status: 200 })),
)

/** Answers GET with this for as long as the test lasts. */
export function tells(path: string, body: object) {
  server.use(http.get(`${api}${path}`, () => HttpResponse.json(body as Record<string, unknown>)))
}

/** Refuses GET for as long as the test lasts. */
export function refuses(path: string, status: number, code: string, detail: string) {
  server.use(http.get(`${api}${path}`, () => refuse(status, code, detail)))
}

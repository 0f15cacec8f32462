/** Opens the whole app at an address, as somebody would. */

import { createMemoryHistory } from '@tanstack/react-router'
import { render, waitFor } from '@testing-library/react'
import { userEvent } from '@testing-library/user-event'
import axe from 'axe-core'
import { expect } from 'vitest'
import { App } from '@/app/App'
import { createAppRouter } from '@/app/router'

export async function openApp(path: string) {
  const router = createAppRouter(createMemoryHistory({ initialEntries: [path] }))
  const user = userEvent.setup({ delay: null })
  const view = render(<App router={router} env="test" />)
  await waitFor(() => expect(router.state.status).toBe('idle'))
  return { router, user, view, address: () => router.state.location.href }
}

/** What axe finds wrong with the page, in short. Contrast is for a browser that paints. */
export async function axeFindings(): Promise<string[]> {
  const { violations } = await axe.run(document.body, {
    rules: { 'color-contrast': { enabled: false } },
    resultTypes: ['violations'],
  })
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`,
  )
}

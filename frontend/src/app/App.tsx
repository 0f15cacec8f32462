/** Everything that every page stands in. */
import { localStorageColorSchemeManager, MantineProvider } from '@mantine/core'
import { ModalsProvider } from '@mantine/modals'
import { Notifications } from '@mantine/notifications'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import type { AppRouter } from './router'
import { cssVariables, theme } from './theme'

// The same key as in public/color-scheme.js, which sets the scheme before the first paint.
const colorScheme = localStorageColorSchemeManager({ key: 'opsconductor-color-scheme' })

interface AppProps {
  router: AppRouter
  /** `test` leaves animations and portals away. */
  env?: 'default' | 'test'
}

export function App({ router, env = 'default' }: AppProps) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={colorScheme}
      defaultColorScheme="auto"
      env={env}
    >
      <QueryClientProvider client={router.options.context.queryClient}>
        <Notifications position="bottom-right" limit={4} />
        <ModalsProvider>
          <RouterProvider router={router} />
        </ModalsProvider>
      </QueryClientProvider>
    </MantineProvider>
  )
}

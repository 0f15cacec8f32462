/** Every address of the app. Pages are loaded when they are first opened; the shell around them is there at once. */
import type { QueryClient } from '@tanstack/react-query'
import {
  createBrowserHistory,
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  type RouterHistory,
  redirect,
} from '@tanstack/react-router'
import { whenSignedOut } from '@/api/client'
import { keys } from '@/api/keys'
import { auditFilterOf } from '@/features/audit/filter'
import type { Permission } from '@/features/auth/session'
import { executionFilterOf, executionViewOf } from '@/features/executions/filter'
import { fileFilterOf } from '@/features/files/filter'
import { hookFilterOf } from '@/features/hooks/filter'
import { notificationFilterOf } from '@/features/notifications/filter'
import { runSearchOf } from '@/features/run/search'
import { scriptFilterOf, scriptViewOf } from '@/features/scripts/filter'
import { targetFilterOf, text } from '@/features/targets/filter'
import { templateFilterOf } from '@/features/templates/filter'
import { runFilterOf } from '@/features/workflowRuns/filter'
import { versionSearchOf, workflowsSearchOf } from '@/features/workflows/search'
import { tokenFilterOf } from '@/features/workflowTokens/filter'
import { setupIsNeeded, signedIn } from './guard'
import { NotFoundPage, PageError, Pending } from './pages'
import { createQueryClient } from './queryClient'
import { Shell } from './shell/Shell'

declare module '@tanstack/react-router' {
  interface Register {
    router: AppRouter
  }
  interface StaticDataRouteOption {
    /** What the role must allow for the page to be shown. */
    permission?: Permission
  }
  interface HistoryState {
    /** Targets chosen on another page, to be run on. In the state, since ten thousand ids do not fit an address. */
    targetIds?: string[]
  }
}

const root = createRootRouteWithContext<{ queryClient: QueryClient }>()({ component: Outlet })

const login = createRoute({
  getParentRoute: () => root,
  path: 'login',
  validateSearch: (search: Record<string, unknown>): { next?: string; ended?: true } => ({
    ...(text(search.next) ? { next: text(search.next) } : {}),
    ...(search.ended ? { ended: true } : {}),
  }),
  beforeLoad: async ({ context }) => {
    if (await setupIsNeeded(context.queryClient)) throw redirect({ to: '/setup' })
  },
  component: lazyRouteComponent(() => import('@/features/auth/LoginPage'), 'LoginPage'),
})

const setup = createRoute({
  getParentRoute: () => root,
  path: 'setup',
  beforeLoad: async ({ context }) => {
    if (!(await setupIsNeeded(context.queryClient))) throw redirect({ to: '/' })
  },
  component: lazyRouteComponent(() => import('@/features/auth/SetupPage'), 'SetupPage'),
})

const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  beforeLoad: ({ context, location }) => signedIn(context.queryClient, location.href),
  component: Shell,
})

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/overview/OverviewPage'), 'OverviewPage'),
})

const targets = createRoute({
  getParentRoute: () => shell,
  path: 'targets',
  validateSearch: targetFilterOf,
  staticData: { permission: 'targets.read' },
  component: lazyRouteComponent(() => import('@/features/targets/TargetsPage'), 'TargetsPage'),
})

const targetForms = () => import('@/features/targets/TargetFormDrawer')

const newTarget = createRoute({
  getParentRoute: () => targets,
  path: 'new',
  staticData: { permission: 'targets.write' },
  component: lazyRouteComponent(targetForms, 'NewTargetDrawer'),
})

const target = createRoute({
  getParentRoute: () => targets,
  path: '$targetId',
  component: lazyRouteComponent(() => import('@/features/targets/TargetDrawer'), 'TargetDrawer'),
})

const editTarget = createRoute({
  getParentRoute: () => targets,
  path: '$targetId/edit',
  staticData: { permission: 'targets.write' },
  component: lazyRouteComponent(targetForms, 'EditTargetDrawer'),
})

const run = createRoute({
  getParentRoute: () => shell,
  path: 'run',
  validateSearch: runSearchOf,
  staticData: { permission: 'executions.run' },
  component: lazyRouteComponent(() => import('@/features/run/RunPage'), 'RunPage'),
})

const executions = createRoute({
  getParentRoute: () => shell,
  path: 'executions',
  validateSearch: executionFilterOf,
  staticData: { permission: 'executions.read' },
  component: lazyRouteComponent(() => import('@/features/executions/ExecutionsPage'), 'ExecutionsPage'),
})

const execution = createRoute({
  getParentRoute: () => shell,
  path: 'executions/$executionId',
  validateSearch: executionViewOf,
  staticData: { permission: 'executions.read' },
  component: lazyRouteComponent(() => import('@/features/executions/ExecutionPage'), 'ExecutionPage'),
})

const scripts = createRoute({
  getParentRoute: () => shell,
  path: 'scripts',
  validateSearch: scriptFilterOf,
  staticData: { permission: 'scripts.read' },
  component: lazyRouteComponent(() => import('@/features/scripts/ScriptsPage'), 'ScriptsPage'),
})

const newScript = createRoute({
  getParentRoute: () => shell,
  path: 'scripts/new',
  validateSearch: ({ example }: Record<string, unknown>): { example?: true } =>
    example ? { example: true } : {},
  staticData: { permission: 'scripts.write' },
  component: lazyRouteComponent(() => import('@/features/scripts/NewScriptPage'), 'NewScriptPage'),
})

const script = createRoute({
  getParentRoute: () => shell,
  path: 'scripts/$scriptId',
  validateSearch: scriptViewOf,
  staticData: { permission: 'scripts.read' },
  component: lazyRouteComponent(() => import('@/features/scripts/ScriptPage'), 'ScriptPage'),
})

const files = createRoute({
  getParentRoute: () => shell,
  path: 'files',
  validateSearch: fileFilterOf,
  staticData: { permission: 'files.read' },
  component: lazyRouteComponent(() => import('@/features/files/FilesPage'), 'FilesPage'),
})
const workflowRuns = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/runs',
  validateSearch: runFilterOf,
  staticData: { permission: 'runs.read' },
  component: lazyRouteComponent(() => import('@/features/workflowRuns/RunsPage'), 'RunsPage'),
})

const workflowRun = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/runs/$runId',
  staticData: { permission: 'runs.read' },
  component: lazyRouteComponent(() => import('@/features/workflowRuns/RunPage'), 'RunPage'),
})

const workflowTokens = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/tokens',
  validateSearch: tokenFilterOf,
  staticData: { permission: 'workflow_tokens.read' },
  component: lazyRouteComponent(() => import('@/features/workflowTokens/TokensPage'), 'TokensPage'),
})

const newWorkflowToken = createRoute({
  getParentRoute: () => workflowTokens,
  path: 'new',
  staticData: { permission: 'workflow_tokens.write' },
  component: lazyRouteComponent(() => import('@/features/workflowTokens/NewTokenDrawer'), 'NewTokenDrawer'),
})

const hooks = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/hooks',
  validateSearch: hookFilterOf,
  staticData: { permission: 'hooks.read' },
  component: lazyRouteComponent(() => import('@/features/hooks/HooksPage'), 'HooksPage'),
})

const hook = createRoute({
  getParentRoute: () => hooks,
  path: '$hookId',
  staticData: { permission: 'hooks.read' },
  component: lazyRouteComponent(() => import('@/features/hooks/HookDrawer'), 'HookDrawer'),
})

const templates = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/templates',
  validateSearch: templateFilterOf,
  staticData: { permission: 'templates.read' },
  component: lazyRouteComponent(() => import('@/features/templates/TemplatesPage'), 'TemplatesPage'),
})

const newTemplate = createRoute({
  getParentRoute: () => templates,
  path: 'new/$flowId',
  staticData: { permission: 'templates.write' },
  component: lazyRouteComponent(() => import('@/features/templates/NewTemplateDrawer'), 'NewTemplateDrawer'),
})

const template = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/templates/$templateId',
  staticData: { permission: 'templates.read' },
  component: lazyRouteComponent(() => import('@/features/templates/TemplatePage'), 'TemplatePage'),
})

const editTemplate = createRoute({
  getParentRoute: () => template,
  path: 'edit',
  staticData: { permission: 'templates.write' },
  component: lazyRouteComponent(
    () => import('@/features/templates/EditTemplateDrawer'),
    'EditTemplateDrawer',
  ),
})

const workflowVersion = createRoute({
  getParentRoute: () => shell,
  path: 'workflows/flows/$flowId/versions/$version',
  validateSearch: versionSearchOf,
  staticData: { permission: 'workflows.read' },
  component: lazyRouteComponent(() => import('@/features/workflows/VersionPage'), 'VersionPage'),
})

const workflows = createRoute({
  getParentRoute: () => shell,
  path: 'workflows',
  validateSearch: workflowsSearchOf,
  staticData: { permission: 'workflows.read' },
  component: lazyRouteComponent(() => import('@/features/workflows/WorkflowsPage'), 'WorkflowsPage'),
})

const credentials = createRoute({
  getParentRoute: () => shell,
  path: 'credentials',
  staticData: { permission: 'credentials.read' },
  component: lazyRouteComponent(() => import('@/features/credentials/CredentialsPage'), 'CredentialsPage'),
})

const credentialDrawers = () => import('@/features/credentials/CredentialDrawer')

const newCredential = createRoute({
  getParentRoute: () => credentials,
  path: 'new',
  staticData: { permission: 'credentials.write' },
  component: lazyRouteComponent(credentialDrawers, 'NewCredentialDrawer'),
})

const credential = createRoute({
  getParentRoute: () => credentials,
  path: '$credentialId',
  staticData: { permission: 'credentials.write' },
  component: lazyRouteComponent(credentialDrawers, 'EditCredentialDrawer'),
})

const calendars = createRoute({
  getParentRoute: () => shell,
  path: 'calendars',
  staticData: { permission: 'calendars.read' },
  component: lazyRouteComponent(() => import('@/features/calendars/CalendarsPage'), 'CalendarsPage'),
})

const calendarDrawers = () => import('@/features/calendars/CalendarDrawer')

const newCalendar = createRoute({
  getParentRoute: () => calendars,
  path: 'new',
  staticData: { permission: 'calendars.write' },
  component: lazyRouteComponent(calendarDrawers, 'NewCalendarDrawer'),
})

const calendar = createRoute({
  getParentRoute: () => calendars,
  path: '$calendarId',
  component: lazyRouteComponent(calendarDrawers, 'CalendarDrawer'),
})

const editCalendar = createRoute({
  getParentRoute: () => calendars,
  path: '$calendarId/edit',
  staticData: { permission: 'calendars.write' },
  component: lazyRouteComponent(calendarDrawers, 'EditCalendarDrawer'),
})

const notifications = createRoute({
  getParentRoute: () => shell,
  path: 'notifications',
  validateSearch: notificationFilterOf,
  staticData: { permission: 'notifications.read' },
  component: lazyRouteComponent(
    () => import('@/features/notifications/NotificationsPage'),
    'NotificationsPage',
  ),
})

const channels = createRoute({
  getParentRoute: () => shell,
  path: 'notifications/channels',
  staticData: { permission: 'notifications.send' },
  component: lazyRouteComponent(() => import('@/features/notifications/ChannelsPage'), 'ChannelsPage'),
})

const channelDrawers = () => import('@/features/notifications/ChannelDrawer')

const newChannel = createRoute({
  getParentRoute: () => channels,
  path: 'new',
  staticData: { permission: 'notifications.write' },
  component: lazyRouteComponent(channelDrawers, 'NewChannelDrawer'),
})

const channel = createRoute({
  getParentRoute: () => channels,
  path: '$channelId',
  staticData: { permission: 'notifications.send' },
  component: lazyRouteComponent(channelDrawers, 'ChannelDrawer'),
})

const audit = createRoute({
  getParentRoute: () => shell,
  path: 'audit',
  validateSearch: auditFilterOf,
  staticData: { permission: 'audit.read' },
  component: lazyRouteComponent(() => import('@/features/audit/AuditPage'), 'AuditPage'),
})

const users = createRoute({
  getParentRoute: () => shell,
  path: 'users',
  staticData: { permission: 'users.read' },
  component: lazyRouteComponent(() => import('@/features/users/UsersPage'), 'UsersPage'),
})

const userDrawers = () => import('@/features/users/UserDrawer')

const newUser = createRoute({
  getParentRoute: () => users,
  path: 'new',
  staticData: { permission: 'users.write' },
  component: lazyRouteComponent(userDrawers, 'NewUserDrawer'),
})

const user = createRoute({
  getParentRoute: () => users,
  path: '$userId',
  staticData: { permission: 'users.write' },
  component: lazyRouteComponent(userDrawers, 'EditUserDrawer'),
})

const elsewhere = createRoute({ getParentRoute: () => shell, path: '$', component: NotFoundPage })

const routeTree = root.addChildren([
  login,
  setup,
  shell.addChildren([
    overview,
    targets.addChildren([newTarget, target, editTarget]),
    run,
    executions,
    execution,
    scripts,
    newScript,
    script,
    files,
    workflows,
    workflowRuns,
    workflowRun,
    workflowTokens.addChildren([newWorkflowToken]),
    hooks.addChildren([hook]),
    templates.addChildren([newTemplate]),
    template.addChildren([editTemplate]),
    workflowVersion,
    credentials.addChildren([newCredential, credential]),
    calendars.addChildren([newCalendar, calendar, editCalendar]),
    notifications,
    channels.addChildren([newChannel, channel]),
    audit,
    users.addChildren([newUser, user]),
    elsewhere,
  ]),
])

export type AppRouter = ReturnType<typeof createAppRouter>

export function createAppRouter(history: RouterHistory = createBrowserHistory()) {
  const queryClient = createQueryClient()
  const router = createRouter({
    routeTree,
    history,
    context: { queryClient },
    defaultPreload: 'intent',
    defaultErrorComponent: PageError,
    defaultNotFoundComponent: NotFoundPage,
    defaultPendingComponent: Pending,
    scrollRestoration: true,
    // What a page's search does not know is dropped instead of being sent on to the API.
    search: { strict: true },
  })
  whenSignedOut(() => {
    // Without a session in hand nobody was signed out: the guard asks for the sign-in.
    if (queryClient.getQueryData(keys.session) === undefined) return
    const next = router.state.location.href
    queryClient.clear()
    void router.navigate({ to: '/login', search: { ended: true, next } })
  })
  return router
}

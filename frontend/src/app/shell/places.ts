/** The places of the app, by noun; the navigation and the command palette show the ones that the role opens. */
import {
  AuditIcon,
  BellIcon,
  CalendarIcon,
  CredentialIcon,
  ExecutionsIcon,
  FileIcon,
  HookIcon,
  type Icon,
  OverviewIcon,
  RunIcon,
  RunsIcon,
  ScriptIcon,
  TargetIcon,
  TemplateIcon,
  TokenIcon,
  UsersIcon,
  WorkflowIcon,
} from '@/components/icons'
import { type Permission, useCan } from '@/features/auth/session'

export interface Place {
  name:
    | 'overview'
    | 'notifications'
    | 'targets'
    | 'run'
    | 'executions'
    | 'scripts'
    | 'files'
    | 'calendars'
    | 'workflows'
    | 'templates'
    | 'workflowRuns'
    | 'hooks'
    | 'workflowTokens'
    | 'credentials'
    | 'audit'
    | 'users'
  to:
    | '/'
    | '/notifications'
    | '/targets'
    | '/run'
    | '/executions'
    | '/scripts'
    | '/files'
    | '/calendars'
    | '/workflows'
    | '/workflows/templates'
    | '/workflows/runs'
    | '/workflows/hooks'
    | '/workflows/tokens'
    | '/credentials'
    | '/audit'
    | '/users'
  icon: Icon
  permission?: Permission
}

export interface Area {
  name?: 'operate' | 'automate' | 'administer'
  places: Place[]
}

const areas: Area[] = [
  {
    places: [
      { name: 'overview', to: '/', icon: OverviewIcon },
      { name: 'notifications', to: '/notifications', icon: BellIcon, permission: 'notifications.read' },
    ],
  },
  {
    name: 'operate',
    places: [
      { name: 'targets', to: '/targets', icon: TargetIcon, permission: 'targets.read' },
      { name: 'run', to: '/run', icon: RunIcon, permission: 'executions.run' },
      { name: 'executions', to: '/executions', icon: ExecutionsIcon, permission: 'executions.read' },
      { name: 'files', to: '/files', icon: FileIcon, permission: 'files.read' },
      { name: 'calendars', to: '/calendars', icon: CalendarIcon, permission: 'calendars.read' },
    ],
  },
  {
    name: 'automate',
    places: [
      { name: 'scripts', to: '/scripts', icon: ScriptIcon, permission: 'scripts.read' },
      { name: 'workflows', to: '/workflows', icon: WorkflowIcon, permission: 'workflows.read' },
      { name: 'templates', to: '/workflows/templates', icon: TemplateIcon, permission: 'templates.read' },
      { name: 'workflowRuns', to: '/workflows/runs', icon: RunsIcon, permission: 'runs.read' },
      { name: 'hooks', to: '/workflows/hooks', icon: HookIcon, permission: 'hooks.read' },
      {
        name: 'workflowTokens',
        to: '/workflows/tokens',
        icon: TokenIcon,
        permission: 'workflow_tokens.read',
      },
    ],
  },
  {
    name: 'administer',
    places: [
      { name: 'credentials', to: '/credentials', icon: CredentialIcon, permission: 'credentials.read' },
      { name: 'audit', to: '/audit', icon: AuditIcon, permission: 'audit.read' },
      { name: 'users', to: '/users', icon: UsersIcon, permission: 'users.read' },
    ],
  },
]

export function useAreas(): Area[] {
  const can = useCan()
  return areas
    .map((area) => ({
      ...area,
      places: area.places.filter(({ permission }) => !permission || can(permission)),
    }))
    .filter(({ places }) => places.length > 0)
}

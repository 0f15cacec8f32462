import { actions, strategy } from './actions'
import { audit } from './audit'
import { auth } from './auth'
import { calendars } from './calendars'
import { common, errors, list, nav, palette, shownOnce, status } from './common'
import { credentials } from './credentials'
import { executions } from './executions'
import { files } from './files'
import { hooks } from './hooks'
import { channels, notifications } from './notifications'
import { outputs } from './outputs'
import { overview } from './overview'
import { run } from './run'
import { parameters, scripts } from './scripts'
import { targets } from './targets'
import { templates } from './templates'
import { users } from './users'
import { workflowRuns } from './workflowRuns'
import { workflows } from './workflows'
import { workflowTokens } from './workflowTokens'

export const en = {
  actions,
  audit,
  auth,
  calendars,
  channels,
  common,
  credentials,
  errors,
  executions,
  files,
  hooks,
  list,
  nav,
  notifications,
  outputs,
  overview,
  palette,
  parameters,
  run,
  scripts,
  shownOnce,
  status,
  strategy,
  targets,
  templates,
  users,
  workflowRuns,
  workflows,
  workflowTokens,
}

export type Catalogue = typeof en

import { actions, strategy } from './actions'
import { audit } from './audit'
import { auth } from './auth'
import { common, errors, list, nav, palette, status } from './common'
import { credentials } from './credentials'
import { executions } from './executions'
import { overview } from './overview'
import { run } from './run'
import { targets } from './targets'
import { users } from './users'
import { workflows } from './workflows'

export const en = {
  actions,
  audit,
  auth,
  common,
  credentials,
  errors,
  executions,
  list,
  nav,
  overview,
  palette,
  run,
  status,
  strategy,
  targets,
  users,
  workflows,
}

export type Catalogue = typeof en

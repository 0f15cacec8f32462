/** Things as the API tells them, with everything defaulted. */
import type {
  Account,
  AuditChain,
  AuditEntry,
  AuditVerdict,
  Calendar,
  Channel,
  Credential,
  Deploy,
  Execution,
  FlowVersion,
  Group,
  Groups,
  HookDetail,
  HookSecret,
  Lines,
  Notification,
  Page,
  Preview,
  Result,
  Script,
  ScriptRow,
  SentDelivery,
  Step,
  StoredFile,
  Target,
  Template,
  User,
  Workflow,
  WorkflowRunDetail,
  WorkflowRunStep,
  WorkflowToken,
} from '@/api/types'
import type { Permission } from '@/features/auth/session'

const WHEN = '2026-03-01T10:00:00Z'

export function page<T>(...items: T[]): Page<T> {
  return { items, total: items.length, next_cursor: null }
}

export const everything: Permission[] = [
  'targets.read',
  'templates.read',
  'templates.rate',
  'templates.write',
  'targets.write',
  'targets.test',
  'targets.trust',
  'calendars.read',
  'calendars.write',
  'calendars.override',
  'credentials.read',
  'credentials.write',
  'scripts.read',
  'scripts.write',
  'files.read',
  'files.write',
  'executions.read',
  'executions.run',
  'executions.cancel',
  'workflows.read',
  'workflows.edit',
  'runs.read',
  'runs.cancel',
  'notifications.read',
  'notifications.send',
  'notifications.write',
  'notifications.allow_private',
  'workflow_tokens.read',
  'workflow_tokens.write',
  'workflow_tokens.of_others',
  'hooks.read',
  'hooks.write',
  'hooks.open',
  'audit.read',
  'users.read',
  'users.write',
]
export const looking: Permission[] = [
  'targets.read',
  'calendars.read',
  'scripts.read',
  'executions.read',
  'workflows.read',
  'runs.read',
  'notifications.read',
  'templates.read',
  'templates.rate',
  'workflow_tokens.read',
  'workflow_tokens.write',
  'hooks.read',
]

export function anAccount(change: Partial<Account> = {}): Account {
  return {
    id: 'user-1',
    username: 'ada',
    display_name: 'Ada Lovelace',
    role: 'administrator',
    permissions: everything,
    ...change,
  }
}

export const aViewer = anAccount({ role: 'viewer', permissions: looking })

export function aUser(username: string, change: Partial<User> = {}): User {
  return {
    id: `id-${username}`,
    username,
    display_name: username,
    role: 'operator',
    is_active: true,
    has_password: true,
    last_sign_in_at: null,
    created_at: WHEN,
    updated_at: WHEN,
    ...change,
  }
}

export function aFile(name: string, change: Partial<StoredFile> = {}): StoredFile {
  return {
    id: `id-${name}`,
    name,
    purpose: 'upload',
    size: 10,
    sha256: 'ab'.repeat(32),
    media_type: 'application/octet-stream',
    execution_id: null,
    result_id: null,
    target_id: null,
    created_by_name: 'ada',
    created_at: WHEN,
    ...change,
  }
}

export function aNotification(title: string, change: Partial<Notification> = {}): Notification {
  return {
    id: `id-${title}`,
    title,
    body: '',
    severity: 'info',
    flow_id: null,
    created_by_name: 'ada',
    created_at: WHEN,
    read: false,
    ...change,
  }
}

export function aChannel(name: string, change: Partial<Channel> = {}): Channel {
  return {
    id: `id-${name}`,
    name,
    kind: 'in_app',
    enabled: true,
    min_severity: 'info',
    per_minute: 60,
    allow_private: false,
    email: null,
    webhook: null,
    apprise: null,
    dropped: 0,
    last_delivery: null,
    created_at: WHEN,
    updated_at: WHEN,
    ...change,
  }
}

export function aDelivery(title: string, change: Partial<SentDelivery> = {}): SentDelivery {
  return {
    id: `delivery-${title}`,
    notification_id: `id-${title}`,
    channel_id: 'id-hook',
    channel_name: 'hook',
    title,
    status: 'delivered',
    attempts: 1,
    next_attempt_at: null,
    error_code: null,
    error_message: null,
    created_at: WHEN,
    finished_at: WHEN,
    ...change,
  }
}

export function aTarget(name: string, change: Partial<Target> = {}): Target {
  return {
    id: `id-${name}`,
    name,
    host: '10.0.0.4',
    port: 22,
    os_type: 'linux',
    environment: 'production',
    status: 'active',
    tags: [],
    description: '',
    credential_id: null,
    credential_name: null,
    jump_target_id: null,
    route: [],
    legacy_algorithms: false,
    max_parallel: null,
    transport: 'ssh',
    host_key: null,
    host_key_policy: 'pin-on-first-use',
    offered_host_key: null,
    last_test: null,
    created_at: WHEN,
    updated_at: WHEN,
    ...change,
  }
}

export function aCredential(name: string, change: Partial<Credential> = {}): Credential {
  return {
    id: `id-${name}`,
    name,
    kind: 'password',
    username: 'ops',
    description: '',
    has_passphrase: false,
    has_become_password: false,
    certificate: null,
    public_key_fingerprint: null,
    max_parallel: null,
    target_count: 0,
    created_at: WHEN,
    updated_at: WHEN,
    ...change,
  }
}

export function aScript(name: string, change: Partial<Script> = {}): Script {
  return {
    id: `id-${name}`,
    name,
    description: '',
    interpreter: 'sh',
    content: 'uptime\n',
    size: 7,
    sha256: 'f'.repeat(64),
    parameters: [],
    os_types: ['linux'],
    tags: [],
    timeout: 300,
    version: 1,
    author_name: 'ada',
    created_at: WHEN,
    updated_at: WHEN,
    ...change,
  }
}

/** A script as lists show it: without its text. */
export function aScriptRow(name: string, change: Partial<Script> = {}): ScriptRow {
  const { content: _, ...row } = aScript(name, change)
  return row
}

export function anExecution(name: string, change: Partial<Execution> = {}): Execution {
  return {
    id: `id-${name}`,
    name,
    description: '',
    status: 'completed',
    actions: [
      { action_type: 'command', action_parameters: { command: 'uptime', timeout: 45, retry_count: 1 } },
    ],
    target_count: 2,
    counts: { completed: 2 },
    created_at: WHEN,
    started_at: WHEN,
    finished_at: '2026-03-01T10:00:04Z',
    deadline_at: null,
    created_by: { id: 'user-1', username: 'ada' },
    workflow: null,
    cancel_requested_at: null,
    mode: 'attached',
    parameters: {},
    strategy: {},
    parallelism: null,
    max_failures: null,
    batch_count: 1,
    current_batch: 0,
    paused_at: null,
    stop_reason: null,
    starts_until: null,
    window_override: null,
    rerun_of: null,
    ...change,
  }
}

export function aResult(target: string, change: Partial<Result> = {}): Result {
  return {
    id: `result-${target}`,
    target_id: `id-${target}`,
    target_name: target,
    status: 'scheduled',
    exit_code: null,
    exit_signal: null,
    output_text: '',
    error_text: '',
    output_bytes: 0,
    error_bytes: 0,
    output_truncated: false,
    error_truncated: false,
    error_code: null,
    error_message: null,
    attempts: 1,
    batch: 0,
    steps: [],
    cancel_requested_at: null,
    started_at: null,
    finished_at: null,
    duration_ms: null,
    ...change,
  }
}

/** An output of so many lines, "line 1" to the last one, as its lines are asked for. */
export function linesOf(total: number, from = 0, limit = 200, change: Partial<Lines> = {}): Lines {
  const first = from < 0 ? Math.max(total + from, 0) : from
  const length = Math.max(0, Math.min(limit, total - first))
  return {
    lines: Array.from({ length }, (_, index) => ({
      number: first + index + 1,
      text: `line ${first + index + 1}`,
      cut: false,
    })),
    first,
    next: first + length < total ? first + length : null,
    total_lines: total,
    kept_bytes: total * 8,
    total_bytes: total * 8,
    truncated: false,
    tail: null,
    sha256: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
    removed_at: null,
    note: null,
    ...change,
  }
}

export function aGroup(names: string[], change: Partial<Group> = {}): Group {
  return {
    count: names.length,
    target_names: names,
    result_id: `result-${names[0]}`,
    status: 'completed',
    exit_code: 0,
    exit_signal: null,
    error_code: null,
    output_bytes: 20,
    error_bytes: 0,
    output_sha256: 'aa',
    error_sha256: 'bb',
    first_lines: ['first line'],
    difference: null,
    ...change,
  }
}

export function theGroups(groups: Group[], change: Partial<Groups> = {}): Groups {
  const total = groups.reduce((sum, { count }) => sum + count, 0)
  return {
    groups,
    total_groups: groups.length,
    total_results: total,
    same: groups[0]?.count ?? 0,
    differ: total - (groups[0]?.count ?? 0),
    first_difference: null,
    compared_bytes: null,
    complete: true,
    removed_at: null,
    note: null,
    ...change,
  }
}

export function aStep(action: number, change: Partial<Step> = {}): Step {
  return {
    action,
    type: 'command',
    name: 'Execute Command',
    status: 'completed',
    exit_code: 0,
    exit_signal: null,
    error_code: null,
    error_message: null,
    attempts: 1,
    started_at: WHEN,
    finished_at: '2026-03-01T10:00:02Z',
    output: { start: 0, end: 0 },
    error: { start: 0, end: 0 },
    detail: {},
    ...change,
  }
}

export function aCalendar(name: string, change: Partial<Calendar> = {}): Calendar {
  return {
    id: `id-${name}`,
    name,
    description: '',
    kind: 'allow',
    time_zone: 'Europe/Berlin',
    windows: [{ type: 'weekly', weekdays: ['sat'], start: '22:00:00', minutes: 240 }],
    enabled: true,
    scope: 'all',
    tags: [],
    target_ids: [],
    enforcement: 'block',
    at_end: 'run_on',
    version: 1,
    changed_by_name: 'ada',
    created_at: WHEN,
    updated_at: WHEN,
    now: { open: false, changes_at: '2036-03-01T21:00:00Z' },
    ...change,
  }
}

export function aPreview(change: Partial<Preview> = {}): Preview {
  return {
    sha256: 'a'.repeat(64),
    target_count: 2,
    will_run: 1,
    batches: [1, 1],
    parallelism: null,
    max_failures: null,
    longest_seconds: 180,
    actions: [
      {
        action_type: 'command',
        action_name: 'Execute Command',
        command: 'uptime',
        run_as: null,
        timeout: 30,
      },
    ],
    targets: [
      {
        id: 'id-web-1',
        name: 'web-1',
        host: '10.0.0.4',
        port: 22,
        batch: 0,
        credential_name: 'fleet key',
        max_parallel: 2,
        credential_max_parallel: 5,
        problem: null,
        closed_by: [],
      },
      {
        id: 'id-db-1',
        name: 'db-1',
        host: '10.0.0.5',
        port: 22,
        batch: 1,
        credential_name: null,
        max_parallel: null,
        credential_max_parallel: null,
        problem: 'The target has no credential; choose one for it.',
        closed_by: [],
      },
    ],
    windows: { calendars: [], refused: 0, opens_at: null, starts_until: null },
    ...change,
  }
}

export function aWorkflow(name: string, change: Partial<Workflow> = {}): Workflow {
  return {
    flow_id: `flow-${name}`,
    name,
    version: 3,
    is_active: true,
    run_as: { id: 'user-1', username: 'dora', is_active: true },
    updated_at: WHEN,
    ...change,
  }
}

export function aTemplate(name: string, change: Partial<Template> = {}): Template {
  const tab = { id: 'tab', type: 'tab', label: name }
  const node = { id: 'n1', type: 'inject', z: 'tab', name: 'go', x: 100, y: 40, wires: [] }
  return {
    id: `id-${name}`,
    slug: null,
    name,
    description: 'What it does.',
    category: 'Monitoring',
    tags: ['disk'],
    version: 2,
    author_id: 'user-1',
    author_name: 'dora',
    is_public: true,
    download_count: 3,
    rating: 4.5,
    rating_count: 2,
    my_stars: null,
    may_change: true,
    created_at: WHEN,
    updated_at: WHEN,
    template_data: [tab, node],
    ...change,
  }
}

export function aToken(name: string, change: Partial<WorkflowToken> = {}): WorkflowToken {
  return {
    id: `id-${name}`,
    name,
    prefix: 'opsc_wt_Ab3xYz',
    owner: { id: 'user-1', username: 'ada', is_active: true },
    scopes: ['targets.read'],
    flow_id: null,
    state: 'active',
    created_at: WHEN,
    expires_at: '2036-03-01T10:00:00Z',
    last_used_at: null,
    revoked_at: null,
    ...change,
  }
}

export function aHook(path: string, change: Partial<HookDetail> = {}): HookDetail {
  return {
    id: `id-${path}`,
    method: 'POST',
    path: `/${path}`,
    url: `https://ops.example.org/hooks/${path}`,
    protection: null,
    served: true,
    flow_id: 'flow-1',
    flow_name: 'Orders',
    node_id: 'node-1',
    node_name: '',
    run_as: 'dana',
    secrets: 0,
    last_used_at: null,
    last_refused_at: null,
    last_refusal: null,
    created_at: WHEN,
    issued: [],
    ...change,
  }
}

export function aHookSecret(prefix: string, change: Partial<HookSecret> = {}): HookSecret {
  return {
    id: `id-${prefix}`,
    prefix,
    is_good: true,
    created_by: 'ada',
    created_at: WHEN,
    last_used_at: null,
    ends_at: null,
    ...change,
  }
}

export function aFlowVersion(version: number, change: Partial<FlowVersion> = {}): FlowVersion {
  return {
    version,
    name: 'Patching',
    sha256: 'abcdef0123',
    deployed_by: 'dora',
    deployed_at: WHEN,
    nodes: [
      { id: 'f1', type: 'tab', label: 'Patching' },
      { id: 'n1', type: 'inject', z: 'f1', x: 100, y: 80, wires: [['n2']] },
      { id: 'n2', type: 'function', name: 'count', z: 'f1', x: 300, y: 80, wires: [] },
    ],
    ...change,
  }
}

export function aDeploy(number: number, change: Partial<Deploy> = {}): Deploy {
  return {
    number,
    deployed_by: 'dora',
    deployed_at: WHEN,
    message: '',
    sha256: 'abcdef0123',
    changes: [{ flow_id: 'f1', name: 'Patching', kind: 'changed', added: 1, removed: 0, changed: 2 }],
    ...change,
  }
}

export function aRun(name: string, change: Partial<WorkflowRunDetail> = {}): WorkflowRunDetail {
  return {
    id: `run-${name}`,
    flow_id: `flow-${name}`,
    workflow_name: name,
    workflow_version: 3,
    node_id: 'node-1',
    node_name: 'every night',
    node_type: 'inject',
    cause: 'node',
    cause_detail: '',
    started_by: null,
    run_as: 'dora',
    status: 'completed',
    started_at: WHEN,
    completed_at: WHEN,
    duration_ms: 0,
    error_message: null,
    error_node_id: null,
    cancel_requested_at: null,
    cancelled_by: null,
    execution_count: 0,
    steps: [],
    ...change,
  }
}

export function aRunStep(name: string, change: Partial<WorkflowRunStep> = {}): WorkflowRunStep {
  return {
    node_id: `node-${name}`,
    node_name: name,
    node_type: 'function',
    flow_id: 'flow-1',
    status: 'completed',
    messages: 1,
    errors: 0,
    error_message: null,
    started_at: WHEN,
    finished_at: WHEN,
    duration_ms: 0,
    execution_ids: [],
    ...change,
  }
}

export function aChain(change: Partial<AuditChain> = {}): AuditChain {
  return { position: 1234, hash: 'ab'.repeat(32), protected: true, ...change }
}

export function aVerdict(change: Partial<AuditVerdict> = {}): AuditVerdict {
  return {
    intact: true,
    entries: 1234,
    first_at: WHEN,
    last_at: WHEN,
    position: 1234,
    hash: 'ab'.repeat(32),
    findings: [],
    ...change,
  }
}

export function anAuditEntry(action: string, change: Partial<AuditEntry> = {}): AuditEntry {
  return {
    id: `entry-${action}`,
    at: WHEN,
    action,
    outcome: 'done',
    actor: { id: 'user-1', kind: 'user', name: 'ada', via: null },
    object: { type: 'target', id: 'id-web-1', name: 'web-1' },
    before: null,
    after: null,
    address: '10.1.2.3',
    request_id: 'req-1',
    ...change,
  }
}

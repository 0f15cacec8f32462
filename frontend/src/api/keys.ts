/** Query keys: one tree per noun, so that a change can invalidate exactly what it touched. */
export const keys = {
  setup: ['setup'] as const,
  session: ['session'] as const,
  users: ['users'] as const,
  credentials: ['credentials'] as const,
  credential: (id: string) => ['credentials', 'one', id] as const,
  targets: ['targets'] as const,
  targetList: (filter: object) => ['targets', 'list', filter] as const,
  targetFacets: ['targets', 'facets'] as const,
  target: (id: string) => ['targets', 'one', id] as const,
  executions: ['executions'] as const,
  executionLists: ['executions', 'list'] as const,
  executionList: (filter: object) => ['executions', 'list', filter] as const,
  execution: (id: string) => ['executions', 'one', id] as const,
  allResults: (id: string) => ['executions', 'one', id, 'results'] as const,
  results: (id: string, filter: object) => ['executions', 'one', id, 'results', filter] as const,
  lines: (id: string, result: string, stream: string, from: number) =>
    ['executions', 'one', id, 'lines', result, stream, from] as const,
  groups: (id: string, mask: boolean) => ['executions', 'one', id, 'groups', mask] as const,
  search: (id: string, wanted: object) => ['executions', 'one', id, 'search', wanted] as const,
  comparison: (left: string, right: string, stream: string) =>
    ['executions', 'comparison', left, right, stream] as const,
  workflows: ['workflows'] as const,
  workflowVersions: (id: string) => ['workflows', id, 'versions'] as const,
  editor: ['editor'] as const,
  audit: (filter: object) => ['audit', filter] as const,
}

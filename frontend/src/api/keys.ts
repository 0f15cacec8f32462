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
  executionList: (filter: object) => ['executions', 'list', filter] as const,
  execution: (id: string) => ['executions', 'one', id] as const,
  results: (id: string, filter: object) => ['executions', 'one', id, 'results', filter] as const,
  output: (id: string, resultId: string, stream: string) =>
    ['executions', 'one', id, 'output', resultId, stream] as const,
  workflows: ['workflows'] as const,
  editor: ['editor'] as const,
  audit: (filter: object) => ['audit', filter] as const,
}

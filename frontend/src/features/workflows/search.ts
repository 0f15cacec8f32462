/** What of the workflows page stands in the address. */
import { oneOf, text } from '@/features/targets/filter'

export const workflowsViews = ['editor', 'deployed', 'deploys'] as const
export type WorkflowsView = (typeof workflowsViews)[number]

export interface WorkflowsSearch {
  view?: WorkflowsView
  /** The tab that the editor opens at. */
  flow?: string
  /** The node that the editor opens at. */
  node?: string
}

export function workflowsSearchOf(search: Record<string, unknown>): WorkflowsSearch {
  const found: WorkflowsSearch = {
    view: oneOf(workflowsViews, search.view),
    flow: text(search.flow),
    node: text(search.node),
  }
  return Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined))
}

/** The address of the editor, at a node or a tab where one is named; Node-RED reads it when it is opened. */
export function editorAt(editor: string, { flow, node }: WorkflowsSearch): string {
  if (node) return `${editor}#node/${encodeURIComponent(node)}`
  return flow ? `${editor}#flow/${encodeURIComponent(flow)}` : editor
}

/** What of a version's page stands in the address. */
export interface VersionSearch {
  /** The version it is compared with, where somebody chose one. */
  against?: number
}

export function versionSearchOf({ against }: Record<string, unknown>): VersionSearch {
  return Number.isInteger(against) && Number(against) > 0 ? { against: Number(against) } : {}
}

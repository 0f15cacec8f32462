/** What the form for a new token holds. */

export interface TokenValues {
  name: string
  scopes: string[]
  /** ANY_FLOW, OTHER_FLOW, or a deployed flow as `deployed` names it. */
  flow: string
  /** Where it is OTHER_FLOW: the id that was typed. */
  flow_id: string
  expires_in_days: string
}

export const ANY_FLOW = 'any'
export const OTHER_FLOW = 'other'
const DEPLOYED = 'deployed:'

export const lives = [7, 30, 90, 180, 365]

export const EMPTY: TokenValues = {
  name: '',
  scopes: [],
  flow: ANY_FLOW,
  flow_id: '',
  expires_in_days: '90',
}

/** A deployed flow as a choice, so that no id of a flow is taken for one of the other choices. */
export function deployed(flowId: string): string {
  return DEPLOYED + flowId
}

export function flowIdOf({ flow, flow_id }: Pick<TokenValues, 'flow' | 'flow_id'>): string | null {
  if (flow === ANY_FLOW) return null
  return flow === OTHER_FLOW ? flow_id.trim() : flow.slice(DEPLOYED.length)
}

/** Whether this fits into a header; the API says the same. */
export function isFlowId(text: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(text)
}

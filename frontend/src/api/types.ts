/** The names under which the app knows the API's shapes. */
import type { components } from './schema'

type Schemas = components['schemas']

export type User = Schemas['UserOut']
export type Account = Schemas['Me']
export type Role = Account['role']
export type Target = Schemas['TargetOut']
export type TargetChange = Schemas['TargetIn']
export type TargetFacets = Schemas['Facets']
export type ConnectionTest = Schemas['ConnectionTest']
export type HostKey = Schemas['HostKey']
export type Credential = Schemas['CredentialOut']
export type NewCredential = Schemas['CredentialIn']
export type CredentialChange = Schemas['CredentialPatch']
export type Execution = Schemas['ExecutionOut']
export type NewExecution = Schemas['ExecutionIn']
export type Result = Schemas['ResultOut']
export type Flow = Schemas['FlowOut']
export type AuditEntry = Schemas['AuditOut']

/** One page of a list. */
export interface Page<T> {
  items: T[]
  total: number
  next_cursor: string | null
}

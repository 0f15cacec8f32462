/** The names under which the app knows the API's shapes. */
import type { components } from './schema'

type Schemas = components['schemas']

export type User = Schemas['UserOut']
export type NewUser = Schemas['NewUser']
export type UserChange = Schemas['UserChange']
export type Account = Schemas['Me']
export type Role = Account['role']
export type Target = Schemas['TargetOut']
export type TargetChange = Schemas['NewTarget']
export type ConnectionTest = Schemas['TestResult']
export type HostKey = Schemas['HostKey']
export type Credential = Schemas['CredentialOut']
export type NewCredential = Schemas['NewCredential']
export type CredentialChange = Schemas['CredentialChange']
export type Script = Schemas['ScriptOut']
export type ScriptRow = Schemas['ScriptRow']
export type SavedScript = Schemas['ScriptSaved']
export type NewScript = Schemas['NewScript']
export type ScriptChange = Schemas['ScriptChange']
export type ScriptVersion = Schemas['ScriptVersionRow']
export type ScriptDiff = Schemas['ScriptDiff']
export type ParameterDefinition = Script['parameters'][number]
export type StoredFile = Schemas['FileOut']
export type Execution = Schemas['ExecutionOut']
export type NewExecution = Schemas['NewExecution']
export type Action = NewExecution['actions'][number]
export type Strategy = Schemas['Strategy']
export type Preview = Schemas['Preview']
export type PreviewTarget = Schemas['PreviewTarget']
export type Rerun = Schemas['Rerun']
export type Step = Schemas['StepOut']
export type Result = Schemas['ResultOut']
export type Lines = Schemas['LinesOut']
export type Line = Schemas['LineOut']
export type Groups = Schemas['GroupsOut']
export type Group = Schemas['GroupOut']
export type Difference = Schemas['DifferenceOut']
export type Comparison = Schemas['CompareOut']
export type Search = Schemas['SearchOut']
export type Found = Schemas['Found']
export type Workflow = Schemas['WorkflowOut']
export type WorkflowVersion = Schemas['WorkflowVersionOut']
export type AuditEntry = Schemas['AuditEntryOut']

/** One page of a list. */
export interface Page<T> {
  items: T[]
  total: number
  next_cursor: string | null
}

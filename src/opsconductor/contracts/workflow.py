"""The workflow API: what Node-RED's nodes say to the bridge, and the bridge to the core."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from opsconductor.contracts.actions import Actions
from opsconductor.contracts.parameters import Definitions
from opsconductor.contracts.statuses import ExecutionStatus, ResultStatus
from opsconductor.contracts.strategy import Mode, Strategy
from opsconductor.kit.wire import In

WORKFLOW_PREFIX = "opsc_wt_"
"""What workflow tokens begin with."""
MOST_OUTPUTS = 200
"""Targets whose outputs are given at once."""
Short = Annotated[str, StringConstraints(max_length=255)]


class Strict(BaseModel):
    """A body of Node-RED's storage: unknown keys are refused; what its texts may hold, the use case says."""

    model_config = ConfigDict(extra="forbid")


class WorkflowTarget(BaseModel):
    """A target as nodes see it."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    name: str
    description: str
    os_type: str
    environment: str
    status: str
    tags: list[str]
    host: str
    port: int


class WorkflowTargets(BaseModel):
    """All targets that match, not a page of them."""

    targets: list[WorkflowTarget]
    total: int
    filters_applied: dict[str, str]


class WorkflowContext(In):
    """The place in a flow that asks."""

    node_red_flow_id: Short
    node_id: Short | None = None
    node_name: Short | None = None
    run_id: Short | None = None
    msg_id: Short | None = None


class WorkflowExecute(In):
    """What a node wants to be run, and where."""

    name: Annotated[str, StringConstraints(max_length=300)] = ""
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    actions: Actions
    target_ids: Annotated[list[UUID], Field(min_length=1, max_length=10_000)]
    parameters: Definitions = Field(default_factory=list)
    values: Annotated[dict[str, Any], Field(max_length=200)] = Field(default_factory=dict)
    strategy: Strategy = Field(default_factory=Strategy)
    mode: Mode = "attached"
    execute_immediately: Literal[True] = True
    workflow_context: WorkflowContext | None = None


class WorkflowAccepted(BaseModel):
    """The execution that was accepted; `deadline_at` is when it will have ended at the latest, once it runs."""

    execution_id: UUID
    status: ExecutionStatus
    target_count: int
    deadline_at: datetime | None


class WorkflowStep(BaseModel):
    """How one action went on one target; `detail` is what only actions of its type tell, such as checks and files."""

    model_config = ConfigDict(extra="ignore")

    action: int
    type: str
    name: str
    status: ResultStatus
    exit_code: int | None
    error_code: str | None
    error_message: str | None
    detail: dict[str, Any]


class WorkflowResult(BaseModel):
    """What happened on one target. The hashes are of all that was written, which `output_text` may have cut."""

    model_config = ConfigDict(extra="ignore")

    target_id: UUID
    target_name: str
    status: ResultStatus
    exit_code: int | None
    exit_signal: str | None
    output_text: str
    error_text: str
    output_bytes: int
    error_bytes: int
    output_truncated: bool
    error_truncated: bool
    output_sha256: str | None = None
    error_sha256: str | None = None
    error_code: str | None
    error_message: str | None
    steps: list[WorkflowStep]
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None


class WorkflowResults(BaseModel):
    """An execution with a result for each of its targets; `execution_time` in s, once it has ended."""

    execution_id: UUID
    status: ExecutionStatus
    terminal: bool
    target_count: int
    counts: dict[str, int]
    results: list[WorkflowResult]
    execution_time: float | None


class WorkflowOutputs(BaseModel):
    """Results of some targets of an execution, with what was written there."""

    execution_id: UUID
    results: list[WorkflowResult]


class WorkflowState(BaseModel):
    """Where an execution stands, without its results."""

    execution_id: UUID
    status: ExecutionStatus
    terminal: bool
    counts: dict[str, int]


class WorkflowAuth(In):
    """Either a person's user name and password, or (from Node-RED itself) a flow and a run of it."""

    username: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = None
    password: Annotated[SecretStr, Field(min_length=1, max_length=1000)] | None = None
    flow_id: Short | None = None
    run_id: Short | None = None


class WorkflowUser(BaseModel):
    """Whom a token acts as."""

    id: UUID
    username: str
    role: str


class WorkflowTokenOut(BaseModel):
    """A token for the workflow API, shown once."""

    token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105  # a word, not a secret
    expires_at: datetime
    user: WorkflowUser


class Snapshot(BaseModel):
    """Everything Node-RED starts from. `rev` is the number of the deploy, 0 where there is none yet."""

    flows: list[dict[str, Any]]
    credentials: dict[str, Any]
    settings: dict[str, Any]
    sessions: dict[str, Any]
    rev: int
    empty: bool


class SaveFlows(Strict):
    """A deploy: all flows, the encrypted credentials, on which deploy it builds, and the ticket of who deploys."""

    flows: list[dict[str, Any]]
    credentials: dict[str, Any]
    ticket: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    base_rev: Annotated[int, Field(ge=0)]
    known_types: list[Short]


class NodeTypes(Strict):
    """The node types that Node-RED has."""

    known_types: Annotated[list[Short], Field(max_length=5_000)]


class Saved(BaseModel):
    """The number of the deploy that was stored."""

    rev: int


class Document(Strict):
    """Something that Node-RED keeps and nobody else reads."""

    content: Any


class EditorUser(BaseModel):
    """The person in the editor, and what they may do there, in Node-RED's words."""

    id: UUID
    username: str
    display_name: str
    role: str
    permissions: list[str]

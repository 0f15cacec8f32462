"""What goes in and out of the executions domain."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from opsconductor.contracts.actions import Actions
from opsconductor.contracts.statuses import ExecutionStatus, ResultStatus
from opsconductor.kit.wire import In

TargetIds = Annotated[list[UUID], Field(min_length=1, max_length=10_000)]


class NewExecution(In):
    """What to run, and on which targets."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    actions: Actions
    target_ids: TargetIds


class StartedBy(BaseModel):
    """Who started an execution; the id is gone when the user is."""

    id: UUID | None
    username: str


class StartedIn(BaseModel):
    """The place in a workflow that started an execution."""

    flow_id: str
    node_id: str | None
    node_name: str | None
    run_id: str | None


class ExecutionOut(BaseModel):
    """An execution, with the number of its results by status."""

    id: UUID
    name: str
    description: str
    status: ExecutionStatus
    actions: list[dict[str, Any]]
    target_count: int
    counts: dict[str, int]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    deadline_at: datetime | None
    created_by: StartedBy
    workflow: StartedIn | None
    cancel_requested_at: datetime | None


class ResultOut(BaseModel):
    """What happened on one target. Texts longer than 64 KiB are cut; `/output` has the whole."""

    id: UUID
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
    error_code: str | None
    error_message: str | None
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None

"""What people see of runs."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from opsconductor.contracts.runs import Cause, RunStatus, StepStatus


class RunOut(BaseModel):
    """A run of a flow. `started_by` pressed the button, where somebody did; it acted as `run_as`."""

    id: UUID
    flow_id: str
    workflow_name: str
    workflow_version: int | None
    node_id: str
    node_name: str
    node_type: str
    cause: Cause
    cause_detail: str
    started_by: str | None
    run_as: str | None
    status: RunStatus
    started_at: datetime
    completed_at: datetime | None
    duration_ms: int | None
    error_message: str | None
    error_node_id: str | None
    cancel_requested_at: datetime | None
    cancelled_by: str | None
    execution_count: int


class RunStepOut(BaseModel):
    """A node within a run."""

    node_id: str
    node_name: str
    node_type: str
    flow_id: str
    status: StepStatus
    messages: int
    errors: int
    error_message: str | None
    started_at: datetime
    finished_at: datetime | None
    duration_ms: int | None
    execution_ids: list[UUID]
    """What it has started on targets, the first one first; of a run's executions, up to 500 are told by step."""


class RunDetail(RunOut):
    """A run with its steps, in the order they were reached."""

    steps: list[RunStepOut]

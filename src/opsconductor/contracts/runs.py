"""Runs of flows, as Node-RED reports them: each report has all that is known of a run, so repeating it is harmless."""

from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from opsconductor.kit.wire import In

RunStatus = Literal["running", "completed", "failed", "cancelled", "lost"]
RUN_STATUSES: tuple[RunStatus, ...] = get_args(RunStatus)
StepStatus = Literal["running", "completed", "failed", "cancelled"]
STEP_STATUSES: tuple[StepStatus, ...] = get_args(StepStatus)
Cause = Literal["inject", "http", "node"]
"""What started a run: somebody's press of a button in the editor, a request to a hook, or a node by itself."""
CAUSES: tuple[Cause, ...] = get_args(Cause)

MOST_RUNS = 200
"""Runs of one report."""
MOST_STEPS = 200
"""Nodes of one run; of a flow with more, the first to be reached."""

Short = Annotated[str, StringConstraints(max_length=255)]
Sentence = Annotated[str, StringConstraints(max_length=2_000)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class StepReport(In):
    """A node within a run: how many messages it took, and how it went."""

    node_id: Short
    node_name: Short = ""
    node_type: Short
    flow_id: Short
    status: StepStatus
    messages: Count
    errors: Count = 0
    error_message: Sentence | None = None
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None


class RunReport(In):
    """A run so far. `flow_id` is the tab it started in, `node_id` the node that sent its first message."""

    run_id: UUID
    flow_id: Short
    node_id: Short
    node_name: Short = ""
    node_type: Short
    cause: Cause
    cause_detail: Short = ""
    started_by: Short | None = None
    status: Literal["running", "completed", "failed", "cancelled"]
    started_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    error_message: Sentence | None = None
    error_node_id: Short | None = None
    steps: Annotated[list[StepReport], Field(max_length=MOST_STEPS)] = Field(default_factory=list)


class RunReports(In):
    """What changed, and which runs still go on without news. `left_out` counts runs that nobody can report any more."""

    runs: Annotated[list[RunReport], Field(max_length=MOST_RUNS)] = Field(default_factory=list)
    alive: Annotated[list[UUID], Field(max_length=10_000)] = Field(default_factory=list)
    left_out: Count = 0


class RunsHeard(BaseModel):
    """The answer to a report: which of its runs somebody wants to end."""

    cancel: list[UUID]

"""What goes in and out of the executions domain."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.calendars.schemas import AppliedCalendar
from opsconductor.contracts.actions import Actions
from opsconductor.contracts.parameters import Definitions
from opsconductor.contracts.statuses import ExecutionStatus, ResultStatus
from opsconductor.contracts.strategy import Mode, Strategy
from opsconductor.kit.wire import In

TargetIds = Annotated[list[UUID], Field(min_length=1, max_length=10_000)]


class WindowOverride(In):
    """The word of somebody who may give it that calendars shall not count for this execution, and why."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class NewExecution(In):
    """What to run, on which targets, and how."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] = ""
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    actions: Actions
    target_ids: TargetIds
    parameters: Annotated[
        Definitions, Field(description="What commands and scripts ask for, beside what stored scripts do.")
    ] = Field(default_factory=list)
    values: Annotated[dict[str, Any], Field(max_length=200, description="Values of parameters, by name.")] = (
        Field(default_factory=dict)
    )
    strategy: Strategy = Field(default_factory=Strategy)
    mode: Annotated[
        Mode,
        Field(description="`detached` survives the loss of a worker; it needs a POSIX target with flock."),
    ] = "attached"
    preview_sha256: Annotated[
        str | None,
        StringConstraints(pattern=r"^[0-9a-f]{64}$"),
        Field(description="Of the preview that was looked at; anything else is refused then."),
    ] = None
    window_override: Annotated[
        WindowOverride | None,
        Field(description="Begin outside of windows, and have no end by them; needs `calendars.override`."),
    ] = None


class Rerun(In):
    """What of an ended execution to run again, as a new execution."""

    statuses: Annotated[
        list[ResultStatus] | None, Field(min_length=1, description="Which results; all without it.")
    ] = None
    from_failed_action: Annotated[
        bool, Field(description="Leave out the actions before the one that failed on each target.")
    ] = False
    confirm_lost: Annotated[bool, Field(description="Yes, also where the command may have run already.")] = (
        False
    )
    window_override: WindowOverride | None = None


class PreviewTarget(BaseModel):
    """A target as the execution would meet it; `problem` says why nothing would be run there.

    The limits are those of all executions together, on the target and with its credential; null for none.
    """

    id: UUID
    name: str
    host: str
    port: int
    batch: int | None
    credential_name: str | None
    max_parallel: int | None
    credential_max_parallel: int | None
    problem: str | None
    closed_by: Annotated[list[str], Field(description="Calendars by which nothing may begin there now.")]


class PreviewAction(BaseModel):
    """An action with what the target's shell would be given; values of variables are not in it."""

    action_type: str
    action_name: str
    command: str | None
    run_as: str | None
    timeout: float


class PreviewCalendar(AppliedCalendar):
    """A calendar that holds for some of the targets: how many, and the first of them."""

    target_count: int
    targets: list[str]


class PreviewWindows(BaseModel):
    """What calendars say. Where `refused` targets are closed now, the whole execution would be refused."""

    calendars: list[PreviewCalendar]
    refused: int
    opens_at: Annotated[datetime | None, Field(description="When all targets are open; null: not in sight.")]
    starts_until: Annotated[
        datetime | None, Field(description="From when on nothing more would begin, as a calendar stops it.")
    ]


class Preview(BaseModel):
    """What a request would do, without doing it."""

    sha256: str
    target_count: int
    will_run: int
    batches: list[int]
    parallelism: int | None
    max_failures: int | None
    longest_seconds: float
    actions: list[PreviewAction]
    targets: list[PreviewTarget]
    windows: PreviewWindows


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


class ByteRange(BaseModel):
    """A part of a stream, from a byte on, up to one that is not in it."""

    start: int
    end: int


class StepOut(BaseModel):
    """How one action went on one target. `output` and `error` are its parts of the result's streams."""

    model_config = ConfigDict(extra="ignore")

    action: int
    type: str
    name: str
    status: ResultStatus
    exit_code: int | None
    exit_signal: str | None
    error_code: str | None
    error_message: str | None
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None
    output: ByteRange
    error: ByteRange
    detail: dict[str, Any]


class OverriddenCalendar(BaseModel):
    """A calendar that was closed when somebody let an execution begin all the same."""

    id: UUID
    name: str


class OverrideOut(BaseModel):
    """Why calendars do not count for an execution, and which of them were closed when it began."""

    reason: str
    calendars: list[OverriddenCalendar]


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
    mode: Mode
    parameters: dict[str, Any]
    strategy: dict[str, Any]
    parallelism: int | None
    max_failures: int | None
    batch_count: int
    current_batch: int
    paused_at: datetime | None
    stop_reason: Literal["cancelled", "failures", "deadline", "window"] | None
    starts_until: Annotated[
        datetime | None, Field(description="From when on nothing more begins, as a calendar stops it.")
    ]
    window_override: OverrideOut | None
    rerun_of: UUID | None


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
    batch: int
    steps: list[StepOut]
    cancel_requested_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    duration_ms: int | None

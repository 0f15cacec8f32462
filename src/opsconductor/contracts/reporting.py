"""What flows tell: notifications to people, and entries of the audit log."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from opsconductor.contracts.workflow import WorkflowContext
from opsconductor.kit.wire import In, depth

DATA_LIMIT = 16 * 1024  # bytes of JSON
DEEPEST = 30  # objects and lists inside each other
EVENT_TYPES = (
    "workflow.started",
    "workflow.completed",
    "workflow.failed",
    "change.planned",
    "change.applied",
    "change.reverted",
    "approval.requested",
    "approval.granted",
    "approval.denied",
    "access.granted",
    "access.revoked",
    "compliance.passed",
    "compliance.violated",
    "security.alert",
    "data.exported",
    "note",
)
"""What a flow may say has happened; beside these, `custom.` and words of its own."""
CUSTOM = r"custom\.[a-z0-9_]+(?:\.[a-z0-9_]+)*"
KNOWN_OR_CUSTOM = rf"^(?:{'|'.join(name.replace('.', '[.]') for name in EVENT_TYPES)}|{CUSTOM})$"


def be_small(data: dict[str, Any]) -> dict[str, Any]:
    """Refuse data that is larger or deeper than a message to people or a log entry should be."""
    if depth(data) > DEEPEST:
        raise ValueError(f"must not be nested deeper than {DEEPEST} levels")
    try:
        size = len(orjson.dumps(data))
    except TypeError as error:
        raise ValueError("has a text or number in it that can't be stored") from error
    if size > DATA_LIMIT:
        raise ValueError(f"is {size} bytes of JSON; at most {DATA_LIMIT // 1024} KiB are taken")
    return data


Severity = Literal["info", "warning", "error", "critical"]
Data = Annotated[dict[str, Any], Field(default_factory=dict), AfterValidator(be_small)]
EventType = Annotated[str, StringConstraints(max_length=80, pattern=KNOWN_OR_CUSTOM)]


class NotificationTemplate(In):
    """Title and body, with `{{name}}` wherever `data` has something to put in."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    body: Annotated[str, StringConstraints(max_length=20_000)] = ""
    data: Data


class NewNotification(NotificationTemplate):
    """Something to tell people, by which channels."""

    severity: Severity = "info"
    channel_ids: Annotated[list[UUID], Field(min_length=1, max_length=20)]


class WorkflowNotify(NewNotification):
    """A notification from a flow."""

    workflow_context: WorkflowContext | None = None


class WorkflowDelivery(BaseModel):
    """What became of a notification by one channel; `pending` is tried again."""

    channel_id: UUID | None
    channel_name: str
    status: Literal["pending", "delivered", "failed", "dropped"]
    attempts: int
    error_code: str | None
    error_message: str | None


class WorkflowNotified(BaseModel):
    """A notification with its deliveries; `finished` once none of them is pending."""

    notification_id: UUID
    finished: bool
    title: str
    deliveries: list[WorkflowDelivery]


class WorkflowChannel(BaseModel):
    """A channel as dialogs list it."""

    id: UUID
    name: str
    kind: str
    enabled: bool


class WorkflowChannels(BaseModel):
    """All channels, by name."""

    channels: list[WorkflowChannel]


class WorkflowPreview(BaseModel):
    """A text with its placeholders filled in."""

    title: str
    body: str


class WorkflowAudit(In):
    """Something a flow wants to have on record."""

    event_type: EventType
    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    severity: Severity = "info"
    data: Data
    workflow_context: WorkflowContext | None = None


class WorkflowAudited(BaseModel):
    """The entry that was written."""

    audit_id: UUID

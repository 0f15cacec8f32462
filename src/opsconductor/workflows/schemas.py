"""What people see of workflows."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, StringConstraints

from opsconductor.kit.wire import In


class RunAs(BaseModel):
    """Whom a flow acts as."""

    id: UUID | None
    username: str
    is_active: bool


class WorkflowOut(BaseModel):
    """A deployed tab, which acts as whoever last deployed a change to it. One disabled in the editor is not active."""

    flow_id: str
    name: str
    version: int
    run_as: RunAs | None
    is_active: bool
    updated_at: datetime


class BoxOut(BaseModel):
    """The box around Node-RED, in which flows run; null where nobody told."""

    level: Literal["full", "network", "permission", "off"] | None
    functions: bool | None


class NodeOut(BaseModel):
    """A node of a version, with whatever properties its type has."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: str


class FieldChangeOut(BaseModel):
    """A property of a node, before and after; null where it was or is not there."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    before: Any
    after: Any


class NodeChangeOut(BaseModel):
    """What became of a node; `moved` when only its place on the canvas is another."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    type: str
    name: str
    kind: Literal["added", "removed", "changed", "moved"]
    fields: list[FieldChangeOut]


class WorkflowDiff(BaseModel):
    """What differs between two versions of a flow, with the subflows and config nodes it uses."""

    before: int
    after: int
    changes: list[NodeChangeOut]


class TabChangeOut(BaseModel):
    """What became of a tab in a deploy, in numbers of nodes; the one without an id is what lies in no tab."""

    flow_id: str
    name: str
    kind: Literal["added", "removed", "changed"]
    added: int
    removed: int
    changed: int


class DeployOut(BaseModel):
    """A deploy of all flows: who, when, why and what changed."""

    number: int
    deployed_by: str
    deployed_at: datetime
    message: str
    sha256: str
    changes: list[TabChangeOut]


class DeployChange(In):
    """What can be said about a deploy afterwards."""

    message: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)]


class Restored(BaseModel):
    """The deploy that made an old state the present one."""

    deploy: int


class WorkflowVersionOut(BaseModel):
    """A tab as it once was deployed."""

    version: int
    name: str
    sha256: str
    deployed_by: str
    deployed_at: datetime


class WorkflowVersionDetail(WorkflowVersionOut):
    """A version with its nodes: the tab's own, and the subflows and config nodes it uses."""

    nodes: list[NodeOut]

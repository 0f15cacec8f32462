"""What goes in and out where a tab is carried from one installation to another."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.kit.wire import In
from opsconductor.workflows.documents import MOST_THINGS

FORMAT = "opsconductor-flow"
ThingKind = Literal["target", "script", "file", "notification_channel", "credential"]
FlowName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=255)]


class Thing(In):
    """Something of OpsConductor that a flow refers to by its id."""

    model_config = ConfigDict(from_attributes=True)

    kind: ThingKind
    id: UUID
    name: Annotated[str, StringConstraints(max_length=300)]


class FlowDocument(In):
    """A tab with everything it uses: subflows, config nodes, groups. Never a credential."""

    format: Literal["opsconductor-flow"]
    version: Literal[1]
    name: Annotated[str, StringConstraints(max_length=255)] = ""
    exported_at: datetime | None = None
    product_version: Annotated[str, StringConstraints(max_length=50)] = ""
    nodes: list[dict[str, Any]]
    refers_to: Annotated[list[Thing], Field(max_length=MOST_THINGS)] = Field(default_factory=list)


class ImportFlow(In):
    """A document to make a tab of, and what the tab is to be called, where not as it says itself."""

    document: FlowDocument
    name: FlowName | None = None


class SecretFound(BaseModel):
    """A place in a node that holds a secret; what it says is never told."""

    model_config = ConfigDict(from_attributes=True)

    node_id: str
    node_type: str
    node_name: str
    field: str
    kind: str


class Missing(BaseModel):
    """Something that a flow refers to and that is not here; `kind` and `name` are what the document says of it."""

    id: UUID
    kind: ThingKind | None
    name: str


class ConflictFound(BaseModel):
    """Something here that gets in the way of what would come: a flow of that name, a hook at that address."""

    kind: Literal["name", "hook"]
    detail: str


class ImportPreview(BaseModel):
    """What an import would do. With secrets or unknown node types it would be refused."""

    name: str
    nodes: int
    subflows: list[str]
    config_nodes: list[str]
    groups: int
    shared: Annotated[list[str], Field(description="Config nodes and subflows that are here already.")]
    refers_to: list[Thing]
    missing: list[Missing]
    conflicts: list[ConflictFound]
    secrets: list[SecretFound]
    unknown_types: list[str]
    acceptable: bool


class Imported(BaseModel):
    """The tab that was made, disabled, and the deploy that made it; `missing` is to be chosen anew in it."""

    deploy: int
    flow_id: str
    name: str
    missing: list[Missing]

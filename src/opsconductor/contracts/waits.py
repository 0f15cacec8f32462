"""What nodes wait for over restarts of Node-RED: the message, and whatever the node needs to go on with it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from opsconductor.kit.wire import In

Short = Annotated[str, StringConstraints(max_length=255)]


class WaitIn(In):
    """A node's wait. `run_flow_id` is the tab its run started in; `state` is the node's own.

    It takes the place of the wait that it `follows`: of two nodes that hold a message in turn, one has it.
    """

    flow_id: Short
    node_id: Short
    run_id: UUID
    run_flow_id: Short
    state: dict[str, Any]
    follows: UUID | None = None


class WaitOut(BaseModel):
    """A wait as it is kept."""

    id: UUID
    flow_id: str
    node_id: str
    run_id: UUID
    run_flow_id: str
    state: dict[str, Any]


class WaitsOut(BaseModel):
    """Open waits of a node, oldest first; with `next_cursor` there are more."""

    waits: list[WaitOut]
    next_cursor: str | None


class Claim(In):
    """How long a claimed wait is left alone by others, in s: until its message was sent on."""

    seconds: Annotated[float, Field(ge=1, le=300)] = 30


class Claimed(BaseModel):
    """Whether this claim was the one that counts. If not, another sends the message on now, or has done so: `gone`."""

    claimed: bool
    gone: bool

"""What people see of workflows."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel


class RunAs(BaseModel):
    """Whom a flow acts as."""

    id: UUID | None
    username: str
    is_active: bool


class WorkflowOut(BaseModel):
    """A deployed tab. It acts as whoever last deployed a change to it."""

    flow_id: str
    name: str
    version: int
    run_as: RunAs | None
    is_active: bool
    updated_at: datetime


class WorkflowVersionOut(BaseModel):
    """A tab as it once was deployed."""

    version: int
    name: str
    sha256: str
    deployed_by: str
    deployed_at: datetime

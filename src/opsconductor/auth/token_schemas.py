"""What goes in and out of the API of workflow tokens."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from opsconductor.auth.models import TokenState
from opsconductor.auth.policy import WorkflowScope
from opsconductor.kit.wire import In

MOST_SCOPES = 50
LONGEST_LIFE = 365  # days
USUAL_LIFE = 90  # days

TokenName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
FlowId = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
"""The id of a tab of Node-RED; it has to fit into a header. The tab may be one of another Node-RED than ours."""


class NewWorkflowToken(In):
    """A workflow token to make. It may never do more than both its scopes and the role of its owner allow."""

    name: TokenName
    scopes: Annotated[list[WorkflowScope], Field(min_length=1, max_length=MOST_SCOPES)]
    flow_id: FlowId | None = None
    expires_in_days: Annotated[int, Field(ge=1, le=LONGEST_LIFE)] = USUAL_LIFE


class TokenOwner(BaseModel):
    """Whom a token acts as."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    username: str
    is_active: bool


class WorkflowTokenInfo(BaseModel):
    """A workflow token, without itself: `prefix` is how it begins."""

    id: UUID
    name: str
    prefix: str
    owner: TokenOwner
    scopes: list[str]
    flow_id: str | None
    state: TokenState
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class MadeWorkflowToken(WorkflowTokenInfo):
    """A workflow token that was just made; `token` is shown this once."""

    token: str

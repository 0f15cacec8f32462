"""What goes in and out of the API of hooks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

from opsconductor.contracts.hooks import HookMethod, Protection
from opsconductor.kit.wire import In

LONGEST_GRACE = 7 * 24 * 60  # min


class HookProtection(In):
    """How requests to a hook prove themselves from now on; `null` closes it."""

    protection: Protection | None


class NewHookSecret(In):
    """A secret to issue. Those that the hook has stay good for `grace_minutes`."""

    grace_minutes: Annotated[int, Field(ge=0, le=LONGEST_GRACE)] = 0


class HookOut(BaseModel):
    """A hook: a method and a path that a flow serves. `run_as` is whom that flow acts as.

    `secrets` is how many are good now. `last_refusal` says why a request was refused last; its sender is not told.
    """

    id: UUID
    method: HookMethod
    path: str
    url: str
    protection: Protection | None
    served: bool
    flow_id: str | None
    flow_name: str | None
    node_id: str | None
    node_name: str
    run_as: str | None
    secrets: int
    last_used_at: datetime | None
    last_refused_at: datetime | None
    last_refusal: str | None
    created_at: datetime


class HookSecretOut(BaseModel):
    """A secret of a hook, without itself: `prefix` is how it begins. It is good until `ends_at`."""

    id: UUID
    prefix: str
    is_good: bool
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    ends_at: datetime | None


class HookDetail(HookOut):
    """A hook with its secrets, newest first."""

    issued: list[HookSecretOut]


class MadeHookSecret(HookSecretOut):
    """A secret that was just issued; `secret` is shown this once."""

    protection: Protection
    secret: str

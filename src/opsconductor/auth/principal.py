"""Who is asking, with everything a check needs."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from opsconductor.auth.models import User
from opsconductor.auth.policy import permissions_of
from opsconductor.kit.unit_of_work import Actor


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who proved who they are. `user` is None for our own services."""

    actor: Actor
    permissions: frozenset[str]
    user: User | None = None
    session_id: UUID | None = None
    expires_at: datetime | None = None
    flow_id: str | None = None
    by_cookie: bool = False


def of_user(
    user: User,
    *,
    scopes: frozenset[str] | None = None,
    via: str | None = None,
    session_id: UUID | None = None,
    expires_at: datetime | None = None,
    flow_id: str | None = None,
    by_cookie: bool = False,
) -> Principal:
    """Return a user as principal, with no more than both role and `scopes` allow."""
    rights = permissions_of(user.role)
    return Principal(
        actor=Actor("user", user.id, user.username, via),
        permissions=rights if scopes is None else rights & scopes,
        user=user,
        session_id=session_id,
        expires_at=expires_at,
        flow_id=flow_id,
        by_cookie=by_cookie,
    )


def of_service(name: str, permissions: frozenset[str]) -> Principal:
    """Return one of our own services as principal."""
    return Principal(actor=Actor("service", None, name), permissions=permissions)

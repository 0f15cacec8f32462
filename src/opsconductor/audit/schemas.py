"""What the audit log shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from opsconductor.audit.models import AuditEntry


class AuditActor(BaseModel):
    """Who did it; `via` names the flow or service that acted for them."""

    kind: str
    id: UUID | None
    name: str
    via: str | None


class AuditObject(BaseModel):
    """What it was done to."""

    type: str
    id: str | None
    name: str | None


class AuditEntryOut(BaseModel):
    """One entry of the audit log."""

    id: UUID
    at: datetime
    actor: AuditActor
    action: str
    outcome: str
    object: AuditObject
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    address: str | None
    request_id: str

    @classmethod
    def of(cls, entry: AuditEntry) -> "AuditEntryOut":
        """Return the public form of a row."""
        actor = AuditActor(
            kind=entry.actor_kind, id=entry.actor_id, name=entry.actor_name, via=entry.actor_via
        )
        about = AuditObject(type=entry.object_type, id=entry.object_id, name=entry.object_name)
        return cls(
            id=entry.id,
            at=entry.created_at,
            actor=actor,
            action=entry.action,
            outcome=entry.outcome,
            object=about,
            before=entry.before,
            after=entry.after,
            address=entry.address,
            request_id=entry.request_id,
        )

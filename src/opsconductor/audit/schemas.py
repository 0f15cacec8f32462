"""What the audit log shows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from opsconductor.audit.chain import Kind, Verdict
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


class ChainOut(BaseModel):
    """How the chain stands."""

    position: int
    """Of the last entry: so many there are."""
    hash: str | None
    """Beside the last entry; null where the row that holds it is gone."""
    protected: bool
    """Whether the database refuses our own services every change of the log."""


class FindingOut(BaseModel):
    """Something that is not as it was written."""

    model_config = ConfigDict(from_attributes=True)

    kind: Kind
    detail: str
    position: int | None
    until: int | None
    entry_id: UUID | None


class VerdictOut(BaseModel):
    """What a walk along the chain found."""

    intact: bool
    entries: int
    first_at: datetime | None
    last_at: datetime | None
    position: int
    hash: str
    findings: list[FindingOut]

    @classmethod
    def of(cls, verdict: Verdict) -> "VerdictOut":
        """Return the public form of a verdict."""
        return cls(
            intact=verdict.intact,
            entries=verdict.entries,
            first_at=verdict.first_at,
            last_at=verdict.last_at,
            position=verdict.head.position,
            hash=verdict.head.hash.hex(),
            findings=[FindingOut.model_validate(finding) for finding in verdict.findings],
        )

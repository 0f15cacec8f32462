"""Use cases of the audit log."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi.encoders import jsonable_encoder
from sqlalchemy import Select, select

from opsconductor.audit.models import AuditEntry
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import Actor, UnitOfWork


def record(
    uow: UnitOfWork,
    action: str,
    object_type: str,
    object_id: object = None,
    object_name: str | None = None,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    outcome: str = "done",
    actor: Actor | None = None,
    id: UUID | None = None,
) -> UUID:
    """Add an entry to the unit of work's transaction. `before` and `after` hold no secrets: callers see to it.

    `action` is `<noun>.<past participle>`, `outcome` is done or refused; `actor` replaces the unit's own, `id` is
    for who has to know it before. Returns the id of the entry.
    """
    who = actor or uow.actor
    id = id or new_id()
    uow.session.add(
        AuditEntry(
            id=id,
            action=action,
            outcome=outcome,
            actor_kind=who.kind,
            actor_id=who.id,
            actor_name=who.name,
            actor_via=who.via,
            object_type=object_type,
            object_id=None if object_id is None else str(object_id),
            object_name=object_name,
            before=jsonable_encoder(before),
            after=jsonable_encoder(after),
            address=uow.origin.address,
            request_id=uow.origin.request_id,
        )
    )
    return id


def changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return only what differs, old and new."""
    keys = [key for key in after if before.get(key) != after[key]]
    return {key: before.get(key) for key in keys}, {key: after[key] for key in keys}


async def entries(
    uow: UnitOfWork,
    *,
    action: str | None = None,
    actor: str | None = None,
    object_type: str | None = None,
    object_id: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    cursor: str | None,
) -> Rows:
    """Return one page of the log, newest first."""
    query: Select[Any] = select(AuditEntry)
    if action:
        query = query.where(AuditEntry.action.startswith(action, autoescape=True))
    if actor:
        query = query.where(AuditEntry.actor_name == actor)
    if object_type:
        query = query.where(AuditEntry.object_type == object_type)
    if object_id:
        query = query.where(AuditEntry.object_id == object_id)
    if since:
        query = query.where(AuditEntry.created_at >= since)
    if until:
        query = query.where(AuditEntry.created_at < until)
    return await page_of(uow.session, query, [Order(AuditEntry.id, descending=True)], limit, cursor)

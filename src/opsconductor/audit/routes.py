"""The audit log over HTTP."""

from datetime import datetime
from typing import Annotated

from fastapi import Query

from opsconductor.audit import service
from opsconductor.audit.schemas import AuditEntryOut
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow

router = Branch(prefix="/audit", tags=["audit"])

Text = Annotated[str | None, Query(max_length=255)]


@router.get("")
@allowed("audit.read")
async def list_audit_entries(
    uow: Uow,
    action: Text = None,
    actor: Text = None,
    object_type: Text = None,
    object_id: Text = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[AuditEntryOut]:
    """List what was done, newest first. `action` matches by its beginning: `target.` finds all of targets."""
    rows = await service.entries(
        uow,
        action=action,
        actor=actor,
        object_type=object_type,
        object_id=object_id,
        since=since,
        until=until,
        limit=limit,
        cursor=cursor,
    )
    items = [AuditEntryOut.of(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)

"""Deployed flows and their versions, for people."""

from typing import Annotated

from fastapi import APIRouter, Path

from opsconductor.kit.access import allowed
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.workflows import service
from opsconductor.workflows.models import NoderedFlow
from opsconductor.workflows.schemas import RunAs, WorkflowOut, WorkflowVersionOut

router = APIRouter(prefix="/workflows", tags=["workflows"])

FlowId = Annotated[str, Path(max_length=255, pattern=r"^[^\x00]+$")]


@router.get("")
@allowed("workflows.read")
async def list_workflows(uow: Uow, limit: Limit = 50, cursor: Cursor = None) -> Page[WorkflowOut]:
    """List the deployed flows, by name."""
    rows = await service.workflows(uow, limit, cursor)
    items = [_out(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{flow_id}/versions")
@allowed("workflows.read")
async def list_versions(
    flow_id: FlowId, uow: Uow, limit: Limit = 50, cursor: Cursor = None
) -> Page[WorkflowVersionOut]:
    """List the versions of a flow, newest first."""
    rows = await service.versions(uow, flow_id, limit, cursor)
    items = [
        WorkflowVersionOut(
            version=row.version,
            name=row.flow_name,
            sha256=row.sha256,
            deployed_by=row.username,
            deployed_at=row.deployed_at,
        )
        for row in rows.items
    ]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


def _out(row: NoderedFlow) -> WorkflowOut:
    owner = row.user and RunAs(id=row.user.id, username=row.user.username, is_active=row.user.is_active)
    return WorkflowOut(
        flow_id=row.flow_id,
        name=row.flow_name,
        version=row.version,
        run_as=owner,
        is_active=row.is_active,
        updated_at=row.updated_at,
    )

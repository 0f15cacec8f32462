"""Deploys of all flows, for people."""

from typing import Annotated

from fastapi import Query, Request

from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.workflows import restoring, service
from opsconductor.workflows.models import NoderedDeploy
from opsconductor.workflows.routes import Number, restored
from opsconductor.workflows.schemas import DeployChange, DeployOut, Restored, TabChangeOut

router = Branch(prefix="/deploys", tags=["deploys"])


@router.get("")
@allowed("workflows.read")
async def list_deploys(
    uow: Uow, limit: Limit = 50, cursor: Cursor = None, since: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> Page[DeployOut]:
    """List the deploys, newest first; `since` leaves out the one with this number and those before it."""
    rows = await service.deploys(uow, limit, cursor, since)
    items = [_out(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.patch("/{number}")
@allowed("workflows.edit")
async def describe_deploy(number: Number, change: DeployChange, uow: Uow) -> DeployOut:
    """Say what a deploy was for."""
    return _out(await restoring.describe(uow, number, change.message))


@router.post("/{number}/restore")
@allowed("workflows.edit")
async def restore_deploy(number: Number, request: Request) -> Restored:
    """Make a whole deploy the present one, by a deploy of its own; tabs that change act as whoever restored them."""
    return await restored(request, lambda uow, who: restoring.restore_deploy(uow, number, who))


def _out(row: NoderedDeploy) -> DeployOut:
    return DeployOut(
        number=row.number,
        deployed_by=row.username,
        deployed_at=row.created_at,
        message=row.message,
        sha256=row.sha256,
        changes=[TabChangeOut.model_validate(change) for change in row.changes],
    )

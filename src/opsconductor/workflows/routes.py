"""Deployed flows and their versions, for people."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Protocol, TypeVar

from fastapi import Path, Query, Request

from opsconductor.auth.principal import Principal
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow, origin_of
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import UnitOfWork, UnitsOfWork
from opsconductor.workflows import flows, restoring, service
from opsconductor.workflows.models import NoderedFlow, NoderedFlowVersion
from opsconductor.workflows.schemas import (
    BoxOut,
    NodeChangeOut,
    NodeOut,
    Restored,
    RunAs,
    WorkflowDiff,
    WorkflowOut,
    WorkflowVersionDetail,
    WorkflowVersionOut,
)

router = Branch(prefix="/workflows", tags=["workflows"])

Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Deployed(Protocol):
    """What a deploy came of."""

    @property
    def deploy(self) -> int: ...


Done = TypeVar("Done", bound=Deployed)
FlowId = Annotated[str, Path(max_length=255, pattern=r"^[^\x00]+$")]


@router.get("")
@allowed("workflows.read")
async def list_workflows(uow: Uow, limit: Limit = 50, cursor: Cursor = None) -> Page[WorkflowOut]:
    """List the deployed flows, by name."""
    rows = await service.workflows(uow, limit, cursor)
    items = [_out(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/box")
@allowed("workflows.read")
async def get_box(request: Request) -> BoxOut:
    """Tell how far Node-RED is boxed in, and whether Function nodes run there."""
    config: Settings = request.app.state.settings
    return BoxOut(level=config.nodered_box, functions=config.nodered_functions)


@router.get("/{flow_id}/versions")
@allowed("workflows.read")
async def list_versions(
    flow_id: FlowId, uow: Uow, limit: Limit = 50, cursor: Cursor = None
) -> Page[WorkflowVersionOut]:
    """List the versions of a flow, newest first."""
    rows = await service.versions(uow, flow_id, limit, cursor)
    items = [_version_out(row) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{flow_id}/versions/{version}")
@allowed("workflows.read")
async def get_version(flow_id: FlowId, version: Number, uow: Uow) -> WorkflowVersionDetail:
    """Return a version with its nodes."""
    row = await restoring.version(uow, flow_id, version)
    nodes = [NodeOut.model_validate(node) for node in row.flow_data]
    return WorkflowVersionDetail(**_version_out(row).model_dump(), nodes=nodes)


@router.get("/{flow_id}/diff")
@allowed("workflows.read")
async def compare_versions(
    flow_id: FlowId, uow: Uow, before: Annotated[int, Query(ge=1)], after: Annotated[int, Query(ge=1)]
) -> WorkflowDiff:
    """Return what differs between two versions, node by node."""
    _, _, changes = await restoring.compared(uow, flow_id, before, after)
    shown = [NodeChangeOut.model_validate(change) for change in changes]
    return WorkflowDiff(before=before, after=after, changes=shown)


@router.post("/{flow_id}/versions/{version}/restore")
@allowed("workflows.edit")
async def restore_version(flow_id: FlowId, version: Number, request: Request) -> Restored:
    """Make a version the present one, by a deploy of its own; the flow acts as whoever restored it from then on."""
    return await restored(request, lambda uow, who: restoring.restore_tab(uow, flow_id, version, who))


async def restored(request: Request, act: Callable[[UnitOfWork, Principal], Awaitable[int]]) -> Restored:
    """Do it, and tell Node-RED once it is durable."""

    async def restore(uow: UnitOfWork, who: Principal) -> Restored:
        return Restored(deploy=await act(uow, who))

    return await deployed(request, restore)


async def deployed(request: Request, act: Callable[[UnitOfWork, Principal], Awaitable[Done]]) -> Done:
    """Do what makes a deploy, and tell Node-RED of it once it is durable."""
    units: UnitsOfWork = request.app.state.units
    who: Principal = request.state.principal
    async with units.begin(request.state.actor, origin_of(request)) as uow:
        done = await act(uow, who)
    await request.app.state.lookout.hints.publish("flows", str(done.deploy))
    return done


def _version_out(row: NoderedFlowVersion) -> WorkflowVersionOut:
    return WorkflowVersionOut(
        version=row.version,
        name=row.flow_name,
        sha256=row.sha256,
        deployed_by=row.username,
        deployed_at=row.deployed_at,
    )


def _out(row: NoderedFlow) -> WorkflowOut:
    owner = row.user and RunAs(id=row.user.id, username=row.user.username, is_active=row.user.is_active)
    return WorkflowOut(
        flow_id=row.flow_id,
        name=row.flow_name,
        version=row.version,
        run_as=owner,
        is_active=row.is_active and not flows.is_disabled(row.flow_data),
        updated_at=row.updated_at,
    )

"""Targets over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request

from opsconductor.credentials.routes import OpenVault
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.targets import service
from opsconductor.targets.models import Target
from opsconductor.targets.schemas import (
    ApproveHostKey,
    Facets,
    NewTarget,
    OsType,
    Status,
    TagList,
    TargetChange,
    TargetFilter,
    TargetOut,
    TestResult,
)
from opsconductor.targets.views import key_out, target_out
from opsconductor.transports.base import Transport

router = Branch(prefix="/targets", tags=["targets"])


async def target_filter(
    os_type: OsType | None = None,
    environment: Annotated[str | None, Query(max_length=50)] = None,
    status: Status | None = None,
    tag: Annotated[str | None, Query(max_length=50)] = None,
    tags: Annotated[TagList | None, Query(description="Tags with commas between; all must fit.")] = None,
    q: Annotated[
        str | None, Query(max_length=200, description="Looks in name, host and description.")
    ] = None,
) -> TargetFilter:
    """Return the filter in a query."""
    return TargetFilter(os_type=os_type, environment=environment, status=status, tag=tag, tags=tags, q=q)


async def transport_of(request: Request) -> Transport:
    """Return what connection tests connect with."""
    found: Transport = request.app.state.transport
    return found


Wanted = Annotated[TargetFilter, Depends(target_filter)]
Connect = Annotated[Transport, Depends(transport_of)]


@router.get("")
@allowed("targets.read")
async def list_targets(uow: Uow, wanted: Wanted, limit: Limit = 50, cursor: Cursor = None) -> Page[TargetOut]:
    """List targets by name."""
    rows = await service.listed(uow, wanted, limit, cursor)
    jump_hosts = await service.jump_hosts_of(uow, rows.items)
    items = [target_out(row, jump_hosts) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("targets.write")
async def register_target(wanted: NewTarget, uow: Uow) -> TargetOut:
    """Register a target."""
    return await _shown(uow, await service.register(uow, wanted))


@router.get("/facets")
@allowed("targets.read")
async def target_facets(uow: Uow) -> Facets:
    """Count the targets of each operating system, environment, status and tag."""
    return await service.facets(uow)


@router.get("/{target_id}")
@allowed("targets.read")
async def get_target(target_id: UUID, uow: Uow) -> TargetOut:
    """Return a target."""
    return await _shown(uow, await service.get(uow, target_id))


@router.patch("/{target_id}")
@allowed("targets.write")
async def change_target(target_id: UUID, wanted: TargetChange, uow: Uow) -> TargetOut:
    """Change a target; another host or port forgets the pinned host key."""
    return await _shown(uow, await service.change(uow, target_id, wanted))


@router.delete("/{target_id}", status_code=204)
@allowed("targets.write")
async def remove_target(target_id: UUID, uow: Uow) -> None:
    """Delete a target; its results stay."""
    await service.remove(uow, target_id)


@router.post("/{target_id}/test")
@allowed("targets.test")
async def check_connection(
    target_id: UUID, request: Request, vault: OpenVault, transport: Connect
) -> TestResult:
    """Connect and sign in to a target, run nothing; answers within about 30 s, and 25 more for each jump host."""
    units: UnitsOfWork = request.app.state.units
    origin = origin_of(request)
    async with units.begin(request.state.actor, origin) as uow:
        way = await service.way_for_test(uow, target_id, vault)
    outcome = await service.connection_test(transport, way)
    async with units.begin(request.state.actor, origin) as uow:
        target = await service.store_test(uow, target_id, outcome)
    offered = key_out(target.offered_host_key)
    pinned = key_out(target.host_key, target.host_key_pinned_at)
    return TestResult(**(target.last_test or {}), host_key=pinned, offered_host_key=offered)


@router.put("/{target_id}/host-key")
@allowed("targets.trust")
async def approve_host_key(target_id: UUID, wanted: ApproveHostKey, uow: Uow) -> TargetOut:
    """Pin the key the target last showed, after a person has compared its fingerprint."""
    return await _shown(uow, await service.approve_host_key(uow, target_id, wanted.fingerprint))


@router.delete("/{target_id}/host-key")
@allowed("targets.trust")
async def forget_host_key(target_id: UUID, uow: Uow) -> TargetOut:
    """Forget the pinned key; the next contact is a first one again."""
    return await _shown(uow, await service.forget_host_key(uow, target_id))


async def _shown(uow: Uow, target: Target) -> TargetOut:
    return target_out(target, await service.jump_hosts_of(uow, [target]))

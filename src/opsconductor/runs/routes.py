"""Runs of flows over HTTP: for people, and (internal) for Node-RED's reports."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request
from pydantic import AwareDatetime

from opsconductor.contracts.runs import RunReports, RunsHeard, RunStatus
from opsconductor.executions.routes import Look, tell_of_cancelled
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.runs import repository, service
from opsconductor.runs.schemas import RunDetail, RunOut

router = Branch(prefix="/workflow-executions", tags=["workflow executions"])
internal = Branch(prefix="/internal/runs", include_in_schema=False)


@router.get("")
@allowed("runs.read")
async def list_runs(
    uow: Uow,
    status: RunStatus | None = None,
    flow_id: Annotated[str | None, Query(max_length=255)] = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RunOut]:
    """List runs of flows, newest first."""
    rows = await service.listed(
        uow, limit, cursor, status=status, flow_id=flow_id, text=q, since=since, until=until
    )
    counts = await repository.execution_counts(uow.session, [row.id for row in rows.items])
    items = [service.out(row, counts.get(row.id, 0)) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{run_id}")
@allowed("runs.read")
async def get_run(run_id: UUID, uow: Uow) -> RunDetail:
    """Return a run with its steps."""
    return await service.detail(uow, run_id)


@router.post("/{run_id}/cancel", status_code=202)
@allowed("runs.cancel")
async def cancel_run(run_id: UUID, request: Request, look: Look) -> RunDetail:
    """Ask for the end of a run: its executions are cancelled, its messages go no further."""
    units: UnitsOfWork = request.app.state.units
    async with units.begin(request.state.actor, origin_of(request)) as uow:
        executions = await service.cancel(uow, run_id)
        shown = await service.detail(uow, run_id)
    await look.hints.publish("run", str(run_id))
    for execution_id in executions:
        await tell_of_cancelled(look, execution_id)
    return shown


@internal.put("")
@allowed("runs.report")
async def hear_of_runs(said: RunReports, uow: Uow) -> RunsHeard:
    """Write down what Node-RED reports of its runs."""
    return await service.hear(uow, said)

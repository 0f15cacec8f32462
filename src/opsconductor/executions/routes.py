"""Executions over HTTP."""

from collections.abc import AsyncIterable
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

from opsconductor.auth.routes import Current
from opsconductor.contracts.statuses import ExecutionStatus, ResultStatus
from opsconductor.credentials.routes import OpenVault
from opsconductor.executions import repository, service, steering
from opsconductor.executions.errors import OutputGone, OutputNotThere
from opsconductor.executions.models import Execution
from opsconductor.executions.output_files import wanted as wanted_files
from opsconductor.executions.outputs_repository import kept_of
from opsconductor.executions.schemas import ExecutionOut, NewExecution, Preview, Rerun, ResultOut
from opsconductor.executions.service import Admission
from opsconductor.executions.views import execution_out, results_out
from opsconductor.executions.watching import Lookout
from opsconductor.executions.windows import OVERRIDE
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import IdempotencyKey, Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork

router = Branch(prefix="/executions", tags=["executions"])

LONGEST_WAIT = 60  # s

Wait = Annotated[
    float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the end before answering.")
]


async def lookout_of(request: Request) -> Lookout:
    """Return the application's lookout."""
    found: Lookout = request.app.state.lookout
    return found


async def admission_of(request: Request) -> Admission:
    """Return how much this installation lets in."""
    found: Admission = request.app.state.admission
    return found


Look = Annotated[Lookout, Depends(lookout_of)]
Admit = Annotated[Admission, Depends(admission_of)]


async def existing(execution_id: UUID, look: Look) -> UUID:
    """Return the id of an execution that exists; a stream must refuse before it begins."""
    await look.look(execution_id)
    return execution_id


@router.post("", status_code=202)
@allowed("executions.run")
async def run(
    wanted: NewExecution,
    uow: Uow,
    admission: Admit,
    vault: OpenVault,
    current: Current,
    idempotency_key: IdempotencyKey = None,
) -> ExecutionOut:
    """Accept something to run on targets. The answer comes once it is durable; nothing has run yet."""
    may = OVERRIDE in current.permissions
    accepted = await service.accept(uow, wanted, admission, vault, key=idempotency_key, may_override=may)
    return await _shown(uow, accepted)


@router.post("/preview")
@allowed("executions.run")
async def preview(wanted: NewExecution, uow: Uow) -> Preview:
    """Return what this would do and where, without doing it; its hash may be sent along with the run."""
    return await service.look_ahead(uow, wanted)


@router.get("")
@allowed("executions.read")
async def list_executions(
    uow: Uow,
    status: ExecutionStatus | None = None,
    q: Annotated[str | None, Query(max_length=200)] = None,
    flow_id: Annotated[str | None, Query(max_length=255)] = None,
    run_id: Annotated[str | None, Query(max_length=255)] = None,
    started_by: Annotated[str | None, Query(max_length=200)] = None,
    target_id: UUID | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ExecutionOut]:
    """List executions, newest first."""
    rows = await service.listed(
        uow,
        limit,
        cursor,
        status=status,
        text=q,
        flow_id=flow_id,
        run_id=run_id,
        started_by=started_by,
        target_id=target_id,
    )
    counts = await repository.counts(uow.session, [row.id for row in rows.items])
    items = [execution_out(row, counts[row.id]) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{execution_id}")
@allowed("executions.read")
async def get_execution(execution_id: UUID, look: Look, wait: Wait = 0) -> ExecutionOut:
    """Return an execution; with `wait`, once it has ended or the time is up."""
    return await look.until_ended(execution_id, wait)


@router.get("/{execution_id}/results")
@allowed("executions.read")
async def list_results(
    execution_id: UUID,
    uow: Uow,
    look: Look,
    status: ResultStatus | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ResultOut]:
    """List what happened on each target, by the target's name."""
    rows = await service.results(uow, execution_id, status, limit, cursor)
    items = await results_out(rows.items, look.folder)
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{execution_id}/results/{result_id}/output", response_class=Response)
@allowed("executions.read")
async def result_output(
    execution_id: UUID,
    result_id: UUID,
    look: Look,
    stream: Annotated[str, Query(pattern="^(stdout|stderr)$")] = "stdout",
) -> Response:
    """Return everything kept of one stream, as it came."""
    async with look.units.begin() as uow:
        result = await service.result(uow, execution_id, result_id)
    kept = kept_of(result, stream)
    await look.folder.bring(wanted_files([kept]))
    path, head = kept.path, kept.head
    if path is None and len(head) < kept.size:
        raise OutputGone
    if path is not None and not look.folder.path_of(path).is_file():
        raise OutputNotThere if look.folder.bucket else OutputGone
    headers = {"Content-Disposition": f'attachment; filename="{result_id}.{stream}.txt"'}
    media_type = "text/plain; charset=utf-8"
    if path is None:
        return Response(head, media_type=media_type, headers=headers)
    return FileResponse(look.folder.path_of(path), media_type=media_type, headers=headers)


@router.post("/{execution_id}/cancel", status_code=202)
@allowed("executions.cancel")
async def cancel(execution_id: UUID, request: Request) -> ExecutionOut:
    """Ask for the end of an execution; what runs is stopped within 5 s, or is `lost`."""
    return await cancelled(request, execution_id)


@router.post("/{execution_id}/results/{result_id}/cancel", status_code=202)
@allowed("executions.cancel")
async def cancel_result(execution_id: UUID, result_id: UUID, request: Request, look: Look) -> ResultOut:
    """Ask for the end of the work on one target; the others go on."""
    units: UnitsOfWork = request.app.state.units
    async with units.begin(request.state.actor, origin_of(request)) as uow:
        result = await steering.cancel_result(uow, execution_id, result_id)
    await tell_of_cancelled(look, execution_id)
    return (await results_out([result], look.folder))[0]


@router.post("/{execution_id}/pause")
@allowed("executions.cancel")
async def pause(execution_id: UUID, uow: Uow) -> ExecutionOut:
    """Begin nothing more until somebody resumes; what runs goes on."""
    return await _shown(uow, await steering.pause(uow, execution_id))


@router.post("/{execution_id}/resume")
@allowed("executions.cancel")
async def resume(execution_id: UUID, uow: Uow) -> ExecutionOut:
    """Go on after a pause."""
    return await _shown(uow, await steering.resume(uow, execution_id))


@router.post("/{execution_id}/rerun", status_code=202)
@allowed("executions.run")
async def rerun(
    execution_id: UUID,
    wanted: Rerun,
    uow: Uow,
    admission: Admit,
    vault: OpenVault,
    current: Current,
    idempotency_key: IdempotencyKey = None,
) -> ExecutionOut:
    """Run an ended execution again as a new one, on all its targets or on those whose result is as wanted."""
    may = OVERRIDE in current.permissions
    again = await steering.run_again(
        uow, execution_id, wanted, admission, vault, key=idempotency_key, may_override=may
    )
    return await _shown(uow, again)


@router.get("/{execution_id}/events", response_class=EventSourceResponse)
@allowed("executions.read")
async def events(
    execution_id: Annotated[UUID, Depends(existing)], look: Look
) -> AsyncIterable[ServerSentEvent]:
    """Stream `result` and `execution` events (the first one is `snapshot`) until the execution has ended."""
    async for event in look.events(execution_id):
        yield event


async def cancelled(request: Request, execution_id: UUID) -> ExecutionOut:
    """Cancel, and tell the workers once it is durable (also for the workflow API)."""
    units: UnitsOfWork = request.app.state.units
    async with units.begin(request.state.actor, origin_of(request)) as uow:
        shown = await _shown(uow, await service.cancel(uow, execution_id))
    await tell_of_cancelled(await lookout_of(request), execution_id)
    return shown


async def tell_of_cancelled(look: Lookout, execution_id: UUID) -> None:
    """Make workers look at what was cancelled, and watchers at what came of it."""
    await look.hints.publish("cancel", str(execution_id))
    await look.hints.publish("execution", str(execution_id))


async def _shown(uow: Uow, execution: Execution) -> ExecutionOut:
    counts = await repository.counts(uow.session, [execution.id])
    return execution_out(execution, counts[execution.id])

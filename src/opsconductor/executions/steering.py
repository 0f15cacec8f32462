"""Use cases that steer an execution under way, and run an ended one again."""

from collections.abc import Sequence
from uuid import UUID

from opsconductor import audit
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.executions import repository, service
from opsconductor.executions import steering_repository as statements
from opsconductor.executions.errors import (
    ExecutionNotEnded,
    ExecutionNotPaused,
    ExecutionPaused,
    LostNeedsConfirmation,
    NothingToRepeat,
    ResultEnded,
    SecretsUnreadable,
)
from opsconductor.executions.given import given_to
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.schemas import NewExecution, Rerun
from opsconductor.executions.service import WAKE, Admission, Repeated
from opsconductor.kit.clock import now
from opsconductor.kit.unit_of_work import UnitOfWork


async def pause(uow: UnitOfWork, execution_id: UUID) -> Execution:
    """Begin nothing more until somebody resumes; what runs goes on."""
    execution = await service.get_open(uow, execution_id)
    if execution.paused_at is not None:
        raise ExecutionPaused
    execution.paused_at = now()
    audit.record(uow, "execution.paused", "execution", execution.id, execution.name)
    return execution


async def resume(uow: UnitOfWork, execution_id: UUID) -> Execution:
    """Go on after a pause."""
    execution = await service.get_open(uow, execution_id)
    if execution.paused_at is None:
        raise ExecutionNotPaused
    execution.paused_at = None
    audit.record(uow, "execution.resumed", "execution", execution.id, execution.name)
    uow.send(WAKE, execution_id=str(execution.id))
    return execution


async def cancel_result(uow: UnitOfWork, execution_id: UUID, result_id: UUID) -> ExecutionResult:
    """End the work on one target; the others go on."""
    execution = await service.get_open(uow, execution_id)
    result = await service.result(uow, execution_id, result_id)
    if result.status in TERMINAL:
        raise ResultEnded(status=result.status)
    if result.cancel_requested_at is None:
        names = {"target_id": str(result.target_id), "target_name": result.target_name}
        audit.record(
            uow, "execution.target_cancelled", "execution", execution.id, execution.name, after=names
        )
        await repository.cancel_result(uow.session, result_id)
        await statements.steer(uow.session, await statements.lock(uow.session, [execution_id]))
        await statements.finish(uow.session, [execution_id])
        uow.send(WAKE, execution_id=str(execution.id))  # another may have its turn, or its batch
        await uow.session.refresh(result)
    return result


async def run_again(
    uow: UnitOfWork,
    execution_id: UUID,
    wanted: Rerun,
    admission: Admission,
    vault: Vault,
    *,
    key: str | None = None,
    may_override: bool = False,
) -> Execution:
    """Run an ended execution again, on all its targets or on those whose result is as wanted."""
    old = await service.get(uow, execution_id)
    if old.status not in TERMINAL:
        raise ExecutionNotEnded
    results = await repository.all_results(uow.session, execution_id)
    chosen = [row for row in results if wanted.statuses is None or row.status in wanted.statuses]
    if not chosen:
        raise NothingToRepeat
    lost = sum(row.status == "lost" for row in chosen)
    if lost and not wanted.confirm_lost:
        raise LostNeedsConfirmation(count=lost)
    new = NewExecution(
        name=old.name,
        description=old.description,
        actions=old.actions,
        target_ids=[row.target_id for row in sorted(chosen, key=lambda row: row.place)],
        strategy=old.strategy,
        mode=old.mode,
        window_override=wanted.window_override,
    )
    first = {row.target_id: first_failed(row.steps) for row in chosen} if wanted.from_failed_action else {}
    try:
        given = given_to(old, vault)
    except SealBroken:
        raise SecretsUnreadable from None
    repeated = Repeated(old.id, first, given)
    return await service.accept(
        uow, new, admission, vault, key=key, repeated=repeated, may_override=may_override
    )


def first_failed(steps: Sequence[dict[str, object]]) -> int:
    """Return the index of the action to go on with: the first that is not completed."""
    number = next((step["action"] for step in steps if step["status"] != "completed"), 0)
    assert isinstance(number, int)
    return number

"""Statements that steer executions as a whole: batches, stops, ends. All times are the database's."""

from collections.abc import Collection, Sequence
from functools import cache
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate

from opsconductor.contracts.statuses import TERMINAL
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.kit.database import one_of

R = ExecutionResult
OPEN = ("scheduled", "running")
FAILURES = ("failed", "unreachable", "timed_out", "lost")
"""Ends of a result that count towards an execution's `max_failures`."""
TOO_MANY_FAILURES = "Not begun: more targets had failed than this execution allows."
PLAIN = {"synchronize_session": False}


async def stop_overdue(session: AsyncSession, message: str) -> list[UUID]:
    """Stop executions whose time is over: nothing new begins, workers end what runs. Return those."""
    going_on = or_(Execution.stop_reason.is_(None), Execution.stop_reason == "window")
    return await _stop(session, going_on & (Execution.run_until < func.now()), "deadline", message)


async def stop_closed(session: AsyncSession, message: str) -> list[UUID]:
    """Stop executions whose window is over: nothing new begins, what runs goes on. Return those."""
    closed = Execution.stop_reason.is_(None) & (Execution.starts_until <= func.now())
    return await _stop(session, closed, "window", message)


SKIPPED_BY = {"deadline": "deadline_passed", "window": "window_closed"}


async def _stop(session: AsyncSession, which: ColumnElement[bool], reason: str, message: str) -> list[UUID]:
    open = select(Execution.id).where(Execution.status.in_(OPEN), which)
    ids = list(await session.scalars(open.order_by(Execution.id).with_for_update(skip_locked=True)))
    if ids:
        stop = update(Execution).where(Execution.id.in_(ids)).values(stop_reason=reason)
        await session.execute(stop, execution_options=PLAIN)
        await skip_scheduled(session, ids, SKIPPED_BY[reason], message)
        await finish(session, ids)
    return ids


async def steer(session: AsyncSession, execution_ids: Sequence[UUID]) -> None:
    """Stop executions with too many failures, let the next batch of the others begin: of those `lock` returned."""
    if not execution_ids:
        return
    ids = Execution.id.in_(execution_ids)
    failures = select(func.count()).where(R.execution_id == Execution.id, R.status.in_(FAILURES))
    left = exists().where(R.execution_id == Execution.id, R.status == "scheduled")
    stop = update(Execution).where(ids, left, Execution.max_failures < failures.scalar_subquery())
    stop = stop.values(stop_reason="failures").returning(Execution.id)
    stopped = list(await session.scalars(stop, execution_options=PLAIN))
    if stopped:
        await skip_scheduled(session, stopped, "stopped_by_failures", TOO_MANY_FAILURES)
    lowest = select(func.min(R.batch)).where(R.execution_id == Execution.id, R.status.in_(OPEN))
    next_batch = lowest.scalar_subquery()
    move = update(Execution).where(ids, Execution.stop_reason.is_(None), next_batch > Execution.current_batch)
    paused_at = case((Execution.pause_between_batches, func.now()), else_=Execution.paused_at)
    await session.execute(move.values(current_batch=next_batch, paused_at=paused_at), execution_options=PLAIN)


async def skip_scheduled(session: AsyncSession, ids: Sequence[UUID], code: str, message: str) -> None:
    """End what was not dispatched yet; a worker that holds one finds out at its intent."""
    waiting = select(R.id).where(R.execution_id.in_(ids), R.status == "scheduled")
    skipped = update(R).where(R.id.in_(waiting.order_by(R.id).with_for_update()))
    values = {"status": "skipped", "error_code": code, "error_message": message}
    times = {"finished_at": func.now(), "updated_at": func.now()}
    await session.execute(skipped.values({**values, **times}), execution_options=PLAIN)


async def finish(session: AsyncSession, execution_ids: Collection[UUID]) -> list[UUID]:
    """Give executions without open results their final status; return those. Lock them first."""
    given = {"execution_ids": list(execution_ids)}
    return list(await session.scalars(_finishing(), given, execution_options=PLAIN))


@cache
def _finishing() -> ReturningUpdate[UUID]:
    results = R.execution_id == Execution.id
    good = R.status == "completed"
    status = case(
        (
            Execution.cancel_requested_at.is_not(None)
            & exists().where(results, R.status.in_(["cancelled", "lost"])),
            "cancelled",
        ),
        (exists().where(results, ~good), "failed"),
        else_="completed",
    )
    return (
        update(Execution)
        .where(
            one_of(Execution.id, "execution_ids"),
            Execution.status.not_in(TERMINAL),
            ~exists().where(results, R.status.in_(OPEN)),
        )
        .values(status=status, finished_at=func.now())
        .returning(Execution.id)
    )


@cache
def holding() -> Select[UUID, bool]:
    """Return the statement that holds the rows of `execution_ids`, in one order for all, and says which to steer."""
    steered = or_(Execution.max_failures.is_not(None), Execution.batch_count > 1)
    goes_on = Execution.stop_reason.is_(None)
    query = select(Execution.id, (steered & goes_on).label("steered"))
    return query.where(one_of(Execution.id, "execution_ids")).order_by(Execution.id).with_for_update()


async def lock(session: AsyncSession, execution_ids: Collection[UUID]) -> list[UUID]:
    """Hold the rows of executions; return the ids of those that have to be steered."""
    rows = await session.execute(holding(), {"execution_ids": list(execution_ids)})
    return [id for id, steered in rows if steered]

"""What the executions domain asks the database for its users (workers: claiming_ and protocol_repository)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Float,
    Insert,
    LargeBinary,
    Row,
    Select,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningInsert

from opsconductor.calendars.repository import any_in_force
from opsconductor.executions.models import Execution, ExecutionResult, IdempotencyKey
from opsconductor.kit.database import Base, one_of, rows_of, unnested

RESULTS = Base.metadata.tables[ExecutionResult.__tablename__]
TO_COME = ("id", "execution_id", "target_id", "target_name", "batch", "place", "first_action")
FOR_FLOWS = (
    "target_id",
    "target_name",
    "status",
    "exit_code",
    "exit_signal",
    "error_code",
    "error_message",
    "started_at",
    "finished_at",
    *(f"{stream}_{fact}" for stream in ("output", "error") for fact in ("bytes", "kept", "path", "sha256")),
)
"""Columns of results that flows are told of, or that say where their outputs are."""
OUTPUTS = tuple(f"{stream}_{part}" for stream in ("output", "error") for part in ("head", "tail"))


class OpenWork(NamedTuple):
    """What is open before another execution is let in."""

    mine: int
    """Executions of whoever asks."""
    operations: int
    calendars: bool
    """Whether there is any calendar that might have something against it."""


async def execution(session: AsyncSession, execution_id: UUID, *, lock: bool = False) -> Execution | None:
    query = select(Execution).where(Execution.id == execution_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def execution_with_counts(
    session: AsyncSession, execution_id: UUID
) -> tuple[Execution, dict[str, int]] | None:
    """Return an execution, and how many results of each status it has."""
    row = (await session.execute(_with_counts(), {"execution_id": execution_id})).one_or_none()
    return None if row is None else (row[0], row[1])


@cache
def _with_counts() -> Select[Execution, dict[str, int]]:
    each = select(ExecutionResult.status, func.count().label("number"))
    each = each.where(ExecutionResult.execution_id == bindparam("execution_id"))
    found = each.group_by(ExecutionResult.status).subquery()
    counted = select(func.coalesce(func.jsonb_object_agg(found.c.status, found.c.number), text("'{}'")))
    query = select(Execution, counted.scalar_subquery())
    return query.where(Execution.id == bindparam("execution_id"))


async def counts(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, dict[str, int]]:
    """Return how many results of each status the executions have."""
    query = select(ExecutionResult.execution_id, ExecutionResult.status, func.count())
    query = query.where(ExecutionResult.execution_id.in_(ids))
    found: dict[UUID, dict[str, int]] = {id: {} for id in ids}
    for id, status, number in await session.execute(query.group_by("execution_id", "status")):
        found[id][status] = number
    return found


async def open_work(session: AsyncSession, user_id: UUID | None, user_name: str) -> OpenWork:
    """Return how many executions of this user are open, how many operations of everybody, and if calendars count."""
    whose = {"user_id": user_id} if user_id else {"user_name": user_name}
    return OpenWork(*(await session.execute(_open_work(of_a_user=bool(user_id)), whose)).one())


@cache
def _open_work(*, of_a_user: bool) -> Select[int, int, bool]:
    open = Execution.status.in_(("scheduled", "running"))
    owner = (
        Execution.created_by == bindparam("user_id")
        if of_a_user
        else Execution.created_by.is_(None) & (Execution.created_by_name == bindparam("user_name"))
    )
    mine = select(func.count()).where(open, owner)
    operations = select(func.coalesce(func.sum(Execution.target_count), 0)).where(open)
    return select(mine.scalar_subquery(), operations.scalar_subquery(), any_in_force())


def executions(
    *,
    status: str | None = None,
    text: str | None = None,
    flow_id: str | None = None,
    run_id: str | None = None,
    started_by: str | None = None,
    target_id: UUID | None = None,
) -> Select[Any]:
    query = select(Execution)
    if status:
        query = query.where(Execution.status == status)
    if text:
        query = query.where(Execution.name.icontains(text, autoescape=True))
    if flow_id:
        query = query.where(Execution.flow_id == flow_id)
    if run_id:
        query = query.where(Execution.run_id == run_id)
    if started_by:
        query = query.where(Execution.created_by_name == started_by)
    if target_id:
        of_target = select(ExecutionResult.execution_id).where(ExecutionResult.target_id == target_id)
        query = query.where(Execution.id.in_(of_target))
    return query


def results(execution_id: UUID, status: str | None = None) -> Select[Any]:
    query = select(ExecutionResult).where(ExecutionResult.execution_id == execution_id)
    return query.where(ExecutionResult.status == status) if status else query


def results_as_rows(execution_id: UUID, status: str | None = None) -> Select[Any]:
    """Return the same as rows with all columns: objects cost twice as much, and who only reads has no use for them."""
    return results(execution_id, status).with_only_columns(*RESULTS.c)


async def all_results(session: AsyncSession, execution_id: UUID) -> list[ExecutionResult]:
    query = results(execution_id).order_by(ExecutionResult.target_name, ExecutionResult.id)
    return list(await session.scalars(query))


async def results_for_flows(
    session: AsyncSession,
    execution_id: UUID,
    target_ids: Sequence[UUID] | None = None,
    *,
    output: bool = True,
) -> Sequence[Row[Any]]:
    """Return what flows are told of results, as rows with `steps` as JSON text, and no outputs where none are wanted.

    Each row says how its execution stands as well (`execution_status`, `target_count`, `execution_seconds`): one
    question instead of two, and both of the same moment. There is one row without a target where there are no
    results, and none where there is no execution.

    Thousands are read at once: objects, or columns that nobody asked for, cost more than the question for them.
    """
    given: dict[str, Any] = {"execution_id": execution_id}
    if target_ids is not None:
        given["target_ids"] = list(target_ids)
    query = _for_flows(some=target_ids is not None, output=output)
    return (await session.execute(query, given)).all()


@cache
def _for_flows(*, some: bool, output: bool) -> Select[*tuple[Any, ...]]:
    table = ExecutionResult.__table__
    read: dict[str, ColumnElement[Any]] = {name: table.c[name] for name in (*FOR_FLOWS, *OUTPUTS)}
    read["steps"] = cast(table.c.steps, Text)
    if not output:
        read |= {name: literal(b"", LargeBinary) for name in OUTPUTS}
    execution = Execution.__table__
    took = execution.c.finished_at - func.coalesce(execution.c.started_at, execution.c.created_at)
    read |= {
        "execution_status": execution.c.status,
        "target_count": execution.c.target_count,
        "execution_seconds": cast(func.extract("epoch", took), Float),
    }
    of_it = table.c.execution_id == execution.c.id
    if some:
        of_it &= one_of(table.c.target_id, "target_ids")
    query = select(*(column.label(name) for name, column in read.items()))
    query = query.select_from(execution.outerjoin(table, of_it))
    query = query.where(execution.c.id == bindparam("execution_id"))
    return query.order_by(table.c.target_name, table.c.id)


async def result(session: AsyncSession, execution_id: UUID, result_id: UUID) -> ExecutionResult | None:
    found: ExecutionResult | None = await session.scalar(
        results(execution_id).where(ExecutionResult.id == result_id)
    )
    return found


async def results_changed_since(
    session: AsyncSession, execution_id: UUID, since: datetime
) -> list[ExecutionResult]:
    """Return results written since an instant; a little earlier ones too, whose commit may have come late."""
    overlap = timedelta(seconds=20)  # longer than any transaction may take (statement_timeout)
    query = results(execution_id).where(ExecutionResult.updated_at >= since - overlap)
    return list(await session.scalars(query))


async def add_results(session: AsyncSession, rows: Sequence[dict[str, Any]]) -> None:
    """Store the results to come of an execution, each with the columns of `TO_COME`, in one statement."""
    given = rows_of("new", {name: [row[name] for row in rows] for name in TO_COME})
    await session.execute(_adding_results(), given)


@cache
def _adding_results() -> Insert:
    new = unnested("new", {name: RESULTS.c[name].type for name in TO_COME})
    return insert(RESULTS).from_select(list(TO_COME), select(*(new.c[name] for name in TO_COME)))


async def remembered_key(session: AsyncSession, owner: str, key: str) -> IdempotencyKey | None:
    return await session.scalar(_remembered(), {"owner": owner, "key": key})


@cache
def _remembered() -> Select[IdempotencyKey]:
    same = (IdempotencyKey.owner == bindparam("owner")) & (IdempotencyKey.key == bindparam("key"))
    return select(IdempotencyKey).where(same)


async def remember_key(
    session: AsyncSession, owner: str, key: str, request_sha256: bytes, execution_id: UUID
) -> bool:
    """Store a key; False when somebody else was faster (waits for a transaction under way)."""
    row = {"owner": owner, "key": key, "request_sha256": request_sha256, "execution_id": execution_id}
    return await session.scalar(_remembering(), row) is not None


@cache
def _remembering() -> ReturningInsert[str]:
    return upsert(IdempotencyKey).on_conflict_do_nothing().returning(IdempotencyKey.key)


async def forget_old_keys(session: AsyncSession) -> None:
    """Delete keys older than the day they are promised for."""
    old = IdempotencyKey.created_at < func.now() - text("interval '24 hours'")
    await session.execute(delete(IdempotencyKey).where(old))


async def cancel_scheduled(session: AsyncSession, execution_id: UUID) -> None:
    """End every result that was not dispatched yet; a worker that holds one finds out at its intent."""
    scheduled = results(execution_id, "scheduled").with_only_columns(ExecutionResult.id)
    waiting = ExecutionResult.id.in_(scheduled.order_by(ExecutionResult.id).with_for_update())
    values = {"status": "cancelled", "finished_at": func.now(), "updated_at": func.now()}
    await session.execute(update(ExecutionResult).where(waiting).values(values))


async def cancel_result(session: AsyncSession, result_id: UUID) -> None:
    """End one result that was not dispatched yet; mark one that runs, so that its worker ends it."""
    mine = update(ExecutionResult).where(ExecutionResult.id == result_id)
    await session.execute(mine.values(cancel_requested_at=func.now()))
    times = {"finished_at": func.now(), "updated_at": func.now()}
    waiting = mine.where(ExecutionResult.status == "scheduled")
    await session.execute(waiting.values({"status": "cancelled", **times}))

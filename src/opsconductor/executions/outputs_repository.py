"""What readers and retention of outputs ask the database. Nobody else there knows in which columns outputs are."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, and_, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.statuses import TERMINAL
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.retention_models import OutputRemoval

R = ExecutionResult
HAS_FILE = func.coalesce(R.output_path, R.error_path).is_not(None)
IN_FILES = case((R.output_path.is_not(None), R.output_kept), else_=0) + case(
    (R.error_path.is_not(None), R.error_kept), else_=0
)
ENDED = Execution.status.in_(TERMINAL)
DELETING = 0x6F7073_0006  # the number of a lock that only retention takes
UNSYNCHRONISED: Any = {"synchronize_session": False}


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of one stream: a file, or all of it in `head`."""

    path: str | None
    head: bytes
    tail: bytes
    kept: int
    size: int
    sha256: bytes | None


@dataclass(frozen=True, slots=True)
class Output:
    """What one target wrote, and how it ended."""

    id: UUID
    execution_id: UUID
    target_name: str
    status: str
    exit_code: int | None
    exit_signal: str | None
    error_code: str | None
    error_message: str | None
    started_at: datetime | None
    finished_at: datetime | None
    stdout: Kept
    stderr: Kept
    removed_at: datetime | None

    def stream(self, name: str) -> Kept:
        """Return stdout or stderr."""
        return self.stdout if name == "stdout" else self.stderr


@dataclass(frozen=True, slots=True)
class Alike:
    """Results that ended alike, with the same hashes."""

    number: int
    result_id: UUID
    target_names: list[str]
    groups: int
    """How many groups there are in all."""


def kept_of(result: ExecutionResult | Row[Any], stream: str) -> Kept:
    """Return what is kept of stdout or stderr."""
    r = result
    if stream == "stdout":
        return Kept(
            r.output_path, r.output_head, r.output_tail, r.output_kept, r.output_bytes, r.output_sha256
        )
    return Kept(r.error_path, r.error_head, r.error_tail, r.error_kept, r.error_bytes, r.error_sha256)


def _output(result: ExecutionResult, removed_at: datetime | None) -> Output:
    r = result
    return Output(
        id=r.id,
        execution_id=r.execution_id,
        target_name=r.target_name,
        status=r.status,
        exit_code=r.exit_code,
        exit_signal=r.exit_signal,
        error_code=r.error_code,
        error_message=r.error_message,
        started_at=r.started_at,
        finished_at=r.finished_at,
        stdout=kept_of(r, "stdout"),
        stderr=kept_of(r, "stderr"),
        removed_at=removed_at,
    )


def _outputs() -> Select[ExecutionResult, datetime]:
    query = select(R, OutputRemoval.removed_at)
    return query.outerjoin(OutputRemoval, OutputRemoval.execution_id == R.execution_id)


async def outputs_by_id(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Output]:
    rows = await session.execute(_outputs().where(R.id.in_(list(ids))))
    return {result.id: _output(result, removed_at) for result, removed_at in rows}


async def outputs_after(
    session: AsyncSession, execution_id: UUID, after: tuple[str, UUID] | None, limit: int
) -> list[Output]:
    """Return the next outputs of an execution, by target name."""
    query = _outputs().where(R.execution_id == execution_id)
    if after:
        name, id = after
        query = query.where(or_(R.target_name > name, and_(R.target_name == name, R.id > id)))
    rows = await session.execute(query.order_by(R.target_name, R.id).limit(limit))
    return [_output(result, removed_at) for result, removed_at in rows]


async def removed_at(session: AsyncSession, execution_id: UUID) -> datetime | None:
    query = select(OutputRemoval.removed_at).where(OutputRemoval.execution_id == execution_id)
    return await session.scalar(query)


async def groups(session: AsyncSession, execution_id: UUID, limit: int, names: int) -> list[Alike]:
    """Return results with the same end and the same hashes together, the largest group first."""
    same = (R.status, R.exit_code, R.output_sha256, R.error_sha256)
    alike = (
        select(
            func.count().label("number"),
            func.array_agg(R.id).aggregate_order_by(R.target_name, R.id).label("ids"),
            func.array_agg(R.target_name).aggregate_order_by(R.target_name, R.id).label("names"),
            func.count().over().label("groups"),
        )
        .where(R.execution_id == execution_id)
        .group_by(*same)
        .order_by(func.count().desc(), func.min(R.target_name))
        .limit(limit)
        .subquery()
    )
    column = alike.c
    first = column.ids[1].label("result_id"), column.names[1:names].label("target_names")
    query = select(column.number, *first, column.groups).order_by(column.number.desc(), column.names[1])
    return [Alike(*row) for row in await session.execute(query)]


async def expired(session: AsyncSession, days: int, limit: int) -> list[UUID]:
    """Lock and return ended executions that are older, and whose outputs are still there."""
    old = Execution.finished_at < func.now() - func.make_interval(0, 0, 0, days)
    removed = exists().where(OutputRemoval.execution_id == Execution.id)
    query = select(Execution.id).where(ENDED, old, ~removed).order_by(Execution.id).limit(limit)
    return list(await session.scalars(query.with_for_update(skip_locked=True, of=Execution)))


async def take_turn(session: AsyncSession) -> bool:
    """Tell whether nobody else deletes now: two that both saw too much would delete it twice over."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(DELETING))))


async def bytes_in_files(session: AsyncSession) -> int:
    return int(await session.scalar(select(func.coalesce(func.sum(IN_FILES), 0)).where(HAS_FILE)) or 0)


async def oldest_with_files(session: AsyncSession, limit: int) -> list[UUID]:
    """Lock and return the ended executions that have files, the oldest first."""
    has_files = exists().where(R.execution_id == Execution.id, HAS_FILE)
    query = select(Execution.id).where(ENDED, has_files).order_by(Execution.id).limit(limit)
    return list(await session.scalars(query.with_for_update(skip_locked=True, of=Execution)))


async def beyond(session: AsyncSession, kept: int, limit: int) -> list[UUID]:
    """Lock and return ended executions that are older than the newest so many, the oldest first."""
    last_kept = select(Execution.id).order_by(Execution.id.desc()).offset(kept - 1).limit(1)
    query = select(Execution.id).where(ENDED, Execution.id < last_kept.scalar_subquery())
    query = query.order_by(Execution.id).limit(limit)
    return list(await session.scalars(query.with_for_update(skip_locked=True, of=Execution)))


async def files_of(session: AsyncSession, execution_ids: Sequence[UUID]) -> dict[UUID, tuple[list[str], int]]:
    """Return, of those that have any, the paths of their files and the bytes in them."""
    query = select(R.execution_id, R.output_path, R.error_path, IN_FILES)
    found: dict[UUID, tuple[list[str], int]] = {}
    for id, *paths, size in await session.execute(query.where(R.execution_id.in_(execution_ids), HAS_FILE)):
        before, total = found.get(id, ([], 0))
        found[id] = [*before, *(path for path in paths if path)], total + size
    return found


async def empty(session: AsyncSession, execution_ids: Sequence[UUID]) -> None:
    """Forget what was written; sizes and hashes stay."""
    nothing = {"output_path": None, "output_head": b"", "output_tail": b"", "output_kept": 0}
    nothing |= {"error_path": None, "error_head": b"", "error_tail": b"", "error_kept": 0}
    forget = update(R).where(R.execution_id.in_(execution_ids)).values(nothing)
    await session.execute(forget, execution_options=UNSYNCHRONISED)


async def note_removals(session: AsyncSession, rows: list[dict[str, Any]]) -> None:
    await session.execute(upsert(OutputRemoval).values(rows).on_conflict_do_nothing())


async def delete_executions(session: AsyncSession, execution_ids: Sequence[UUID]) -> None:
    gone = delete(Execution).where(Execution.id.in_(execution_ids))
    await session.execute(gone, execution_options=UNSYNCHRONISED)


async def wanted(session: AsyncSession, result_ids: Iterable[UUID]) -> tuple[set[str], set[UUID]]:
    """Return which files these results refer to, and which of the results have not ended."""
    query = select(R.id, R.status, R.output_path, R.error_path).where(R.id.in_(list(result_ids)))
    paths: set[str] = set()
    unfinished: set[UUID] = set()
    for id, status, *own in await session.execute(query):
        paths.update(path for path in own if path)
        if status not in TERMINAL:
            unfinished.add(id)
    return paths, unfinished

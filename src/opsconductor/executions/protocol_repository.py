"""The statements of the claim, lease and fence protocol (DESIGN.md §4). All times are the database's.

scheduled --claim--> scheduled with lease --intent--> running --result--> terminal
   ^______ lease expired: nobody sent anything ______|      |__ lease expired: lost
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import case, cast, column, exists, func, select, text, tuple_, update, values
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.statuses import TERMINAL
from opsconductor.executions.models import Execution, ExecutionResult

R = ExecutionResult
OPEN = ("scheduled", "running")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one result until the lease ends; a higher fence supersedes it."""

    result_id: UUID
    execution_id: UUID
    target_id: UUID
    fence: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one operation: the claim it was done under, and the columns to store (the same for all)."""

    claim: Claim
    columns: dict[str, Any]


def _in(seconds: float) -> Any:
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


async def claim(session: AsyncSession, worker: str, limit: int, lease: float) -> list[Claim]:
    """Take up to `limit` scheduled results that nobody holds, oldest first."""
    free = (R.status == "scheduled") & (R.lease_until.is_(None) | (R.lease_until < func.now()))
    picked = select(R.id).where(free).order_by(R.id).limit(limit).with_for_update(skip_locked=True)
    taken = (
        update(R)
        .where(R.id.in_(picked))
        .values(fence=R.fence + 1, lease_until=_in(lease), worker=worker)
        .returning(R.id, R.execution_id, R.target_id, R.fence)
    )
    rows = await session.execute(taken, execution_options={"synchronize_session": False})
    return sorted((Claim(*row) for row in rows), key=lambda c: c.result_id)


async def intend(session: AsyncSession, claims: Sequence[Claim], lease: float) -> set[UUID]:
    """Write down that these commands are about to be sent; return the ids for which that still is right."""
    cancelled = exists().where(Execution.id == R.execution_id, Execution.cancel_requested_at.is_not(None))
    allowed = tuple_(R.id, R.fence).in_([(c.result_id, c.fence) for c in claims])
    started = (
        update(R)
        .where(allowed, R.status == "scheduled", ~cancelled)
        .values(status="running", started_at=func.now(), updated_at=func.now(), lease_until=_in(lease))
        .returning(R.id)
    )
    execution_ids = sorted({c.execution_id for c in claims})
    await _lock(session, execution_ids)
    rows = set(await session.scalars(started, execution_options={"synchronize_session": False}))
    first = update(Execution).where(Execution.id.in_(execution_ids), Execution.status == "scheduled")
    values = {"status": "running", "started_at": func.now()}
    await session.execute(first.values(values), execution_options={"synchronize_session": False})
    return rows


async def store(session: AsyncSession, outcomes: Sequence[Outcome]) -> set[UUID]:
    """Write results down, all in one statement; return the ids that were still ours (others were superseded)."""
    execution_ids = sorted({outcome.claim.execution_id for outcome in outcomes})
    await _lock(session, execution_ids)
    names = list(outcomes[0].columns)
    types = {name: R.__table__.c[name].type for name in ("id", "fence", *names)}
    rows = [(o.claim.result_id, o.claim.fence, *(o.columns[name] for name in names)) for o in outcomes]
    new = values(*(column(name, kind) for name, kind in types.items()), name="new").data(rows)
    write = (
        update(R)
        .where(R.id == cast(new.c.id, types["id"]), R.fence == cast(new.c.fence, types["fence"]))
        .where(R.status.in_(OPEN))
        .values({name: cast(new.c[name], types[name]) for name in names})
        .values(finished_at=func.now(), updated_at=func.now())
        .returning(R.id)
    )
    mine = set(await session.scalars(write, execution_options={"synchronize_session": False}))
    await finish(session, execution_ids)
    return mine


async def renew(session: AsyncSession, claims: Sequence[Claim], lease: float) -> dict[UUID, bool]:
    """Prolong what a worker holds; return for each id that is still its own whether it shall be cancelled."""
    mine = tuple_(R.id, R.fence).in_([(c.result_id, c.fence) for c in claims])
    held = select(R.id).where(mine, R.status.in_(OPEN)).order_by(R.id).with_for_update()
    prolonged = (
        update(R)
        .where(R.id.in_(held), Execution.id == R.execution_id)
        .values(lease_until=_in(lease))
        .returning(R.id, Execution.cancel_requested_at.is_not(None))
    )
    rows = await session.execute(prolonged, execution_options={"synchronize_session": False})
    return {row[0]: row[1] for row in rows}


async def hand_back(session: AsyncSession, claims: Sequence[Claim]) -> None:
    """Give up what was claimed but not dispatched, so that another worker need not wait for the lease."""
    mine = tuple_(R.id, R.fence).in_([(c.result_id, c.fence) for c in claims])
    freed = update(R).where(mine, R.status == "scheduled").values(lease_until=None, worker=None)
    await session.execute(freed, execution_options={"synchronize_session": False})


async def lose_expired(session: AsyncSession, message: str) -> list[UUID]:
    """Mark as lost what was dispatched by a worker that fell silent; return the executions touched."""
    expired = (R.status == "running") & (R.lease_until < func.now())
    touched = sorted(set(await session.scalars(select(R.execution_id).where(expired).distinct())))
    if not touched:
        return []
    await _lock(session, touched)
    lost = update(R).where(expired, R.execution_id.in_(touched))
    values: dict[str, Any] = {"status": "lost", "error_code": "worker_lost", "error_message": message}
    values |= {"finished_at": func.now(), "updated_at": func.now()}
    await session.execute(lost.values(values), execution_options={"synchronize_session": False})
    await finish(session, touched)
    return touched


async def finish(session: AsyncSession, execution_ids: Sequence[UUID]) -> list[UUID]:
    """Give executions without open results their final status; return those. Lock them first."""
    results = R.execution_id == Execution.id
    good = (R.status == "completed") & (R.exit_code == 0)
    status = case(
        (
            Execution.cancel_requested_at.is_not(None)
            & exists().where(results, R.status.in_(["cancelled", "lost"])),
            "cancelled",
        ),
        (exists().where(results, ~good), "failed"),
        else_="completed",
    )
    done = (
        update(Execution)
        .where(
            Execution.id.in_(execution_ids),
            Execution.status.not_in(TERMINAL),
            ~exists().where(results, R.status.in_(OPEN)),
        )
        .values(status=status, finished_at=func.now())
        .returning(Execution.id)
    )
    return list(await session.scalars(done, execution_options={"synchronize_session": False}))


async def lock_execution(session: AsyncSession, execution_id: UUID) -> None:
    """Hold an execution's row, so that its last results are counted by one transaction after the other."""
    await _lock(session, [execution_id])


async def _lock(session: AsyncSession, execution_ids: Sequence[UUID]) -> None:
    query = select(Execution.id).where(Execution.id.in_(execution_ids)).order_by(Execution.id)
    await session.execute(query.with_for_update())


async def database_is_there(session: AsyncSession) -> bool:
    """Ask for nothing, to see whether somebody answers."""
    return (await session.execute(text("select 1"))).scalar() == 1


async def actions_of(session: AsyncSession, execution_ids: set[UUID]) -> dict[UUID, list[dict[str, Any]]]:
    """Return what these executions do."""
    query = select(Execution.id, Execution.actions).where(Execution.id.in_(execution_ids))
    return {row[0]: row[1] for row in await session.execute(query)}

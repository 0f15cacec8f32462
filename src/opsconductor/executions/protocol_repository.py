"""The statements of the claim, lease and fence protocol (DESIGN.md §4). All times are the database's.

scheduled --claim--> scheduled with lease --intent--> running --result--> terminal
   ^______ lease expired: nobody sent anything ______|      |__ lease expired: lost, or attached to again
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.steering_repository import (
    OPEN,
    PLAIN,
    finish,
    held_executions,
    lock,
    steer,
)
from opsconductor.kit.database import unnested

R = ExecutionResult
Standing = Literal["ours", "cancelled", "gone"]
"""What a worker's claim is still worth: go on, stop, or somebody else decides now."""


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on one result until the lease ends; a higher fence supersedes it."""

    result_id: UUID
    execution_id: UUID
    target_id: UUID
    fence: int
    first_action: int = 0
    earlier: list[dict[str, Any]] | None = field(default=None, compare=False)
    """The steps an earlier worker wrote down before it fell silent; None where none had begun."""
    begun_ago: float = field(default=0, compare=False)
    """s since that worker wrote down for the last time that something is about to be sent."""

    @property
    def reached(self) -> int:
        """Return the last action of which something may have been sent already; -1 for none."""
        if self.earlier is None:
            return -1
        return int(self.earlier[-1]["action"]) if self.earlier else self.first_action

    def entry_of(self, action: int) -> dict[str, Any] | None:
        """Return what the earlier worker wrote down of an action."""
        return next((entry for entry in self.earlier or () if entry["action"] == action), None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one operation: the claim it was done under, and the columns to store (the same for all)."""

    claim: Claim
    columns: dict[str, Any]


def after(seconds: float) -> Any:
    """Return a moment from now, by the clock of the database."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def is_detached() -> Any:
    """Whether a result can be attached to again."""
    return exists().where(Execution.id == R.execution_id, Execution.mode == "detached")


async def intend(session: AsyncSession, claims: Sequence[Claim], lease: float) -> set[UUID]:
    """Write down that these commands are about to be sent; return the ids for which that still is right."""
    stopped = exists().where(
        Execution.id == R.execution_id,
        or_(
            Execution.cancel_requested_at.is_not(None),
            Execution.stop_reason.is_not(None),
            Execution.starts_until <= func.now(),
        ),
    )
    started = (
        update(R)
        .where(_held(claims), R.status == "scheduled", R.cancel_requested_at.is_(None), ~stopped)
        .values(status="running", started_at=func.now(), updated_at=func.now(), lease_until=after(lease))
        .returning(R.id)
    )
    execution_ids = sorted({c.execution_id for c in claims})
    await lock(session, execution_ids)
    rows = set(await session.scalars(started, execution_options=PLAIN))
    first = update(Execution).where(Execution.id.in_(execution_ids), Execution.status == "scheduled")
    values = {"status": "running", "started_at": func.now()}
    await session.execute(first.values(values), execution_options=PLAIN)
    return rows


def _held(claims: Sequence[Claim]) -> Any:
    held = _rows("held", claims)
    return tuple_(R.id, R.fence).in_(select(held.c.id, held.c.fence))


def _rows(name: str, claims: Sequence[Claim], **values: Sequence[Any]) -> Any:
    """Return claims as a table of ids and fences, with further columns of results."""
    ids, fences = [claim.result_id for claim in claims], [claim.fence for claim in claims]
    columns: dict[str, Sequence[Any]] = {"id": ids, "fence": fences, **values}
    return unnested(name, {each: (R.__table__.c[each].type, given) for each, given in columns.items()})


async def progress(
    session: AsyncSession, begun: Sequence[tuple[Claim, list[dict[str, Any]]]]
) -> dict[UUID, bool]:
    """Write down which action is about to begin; return for each id that is still ours whether it shall stop."""
    new = _rows("new", [claim for claim, _ in begun], steps=[steps for _, steps in begun])
    write = (
        update(R)
        .where(R.id == new.c.id, R.fence == new.c.fence)
        .where(R.status == "running", Execution.id == R.execution_id)
        .values(steps=new.c.steps, updated_at=func.now())
        .returning(R.id, _to_be_stopped())
    )
    return {row[0]: row[1] for row in await session.execute(write, execution_options=PLAIN)}


def _to_be_stopped() -> Any:
    """Whether a running result (joined with its execution) shall be ended before its time."""
    return or_(
        Execution.cancel_requested_at.is_not(None),
        Execution.stop_reason.is_not_distinct_from("deadline"),
        R.cancel_requested_at.is_not(None),
    )


async def store(session: AsyncSession, outcomes: Sequence[Outcome]) -> set[UUID]:
    """Write results down, all in one statement; return the ids that were still ours (others were superseded).

    The same statement holds their executions, each before its results are written, as `lock` does: what steers and
    finishes an execution after it sees what others have written before.
    """
    given = {name: [outcome.columns[name] for outcome in outcomes] for name in outcomes[0].columns}
    new = _rows("new", [outcome.claim for outcome in outcomes], **given)
    held = held_executions({outcome.claim.execution_id for outcome in outcomes}).cte("held")
    write = (
        update(R)
        .where(R.id == new.c.id, R.fence == new.c.fence, R.status.in_(OPEN))
        .where(R.execution_id == held.c.id)
        .values({name: new.c[name] for name in given})
        .values(finished_at=func.now(), updated_at=func.now())
        .returning(R.id, held.c.id, held.c.steered)
    )
    written = (await session.execute(write, execution_options=PLAIN)).all()
    await steer(session, sorted({execution_id for _, execution_id, steered in written if steered}))
    await finish(session, sorted({execution_id for _, execution_id, _ in written}))
    return {id for id, _, _ in written}


async def renew(session: AsyncSession, claims: Sequence[Claim], lease: float) -> dict[UUID, bool]:
    """Prolong what a worker holds; return for each id that is still its own whether it shall be cancelled."""
    held = select(R.id).where(_held(claims), R.status.in_(OPEN)).order_by(R.id).with_for_update()
    prolonged = (
        update(R)
        .where(R.id.in_(held), Execution.id == R.execution_id)
        .values(lease_until=after(lease))
        .returning(R.id, _to_be_stopped())
    )
    rows = await session.execute(prolonged, execution_options=PLAIN)
    return {row[0]: row[1] for row in rows}


async def hand_back(session: AsyncSession, claims: Sequence[Claim]) -> None:
    """Give up what another worker can begin or attach to, so that it need not wait for the lease."""
    freed = update(R).where(_held(claims), R.status == "scheduled").values(lease_until=None, worker=None)
    await session.execute(freed, execution_options=PLAIN)
    left = update(R).where(_held(claims), R.status == "running", is_detached())
    await session.execute(left.values(lease_until=func.now()), execution_options=PLAIN)


async def lose_expired(session: AsyncSession, message: str) -> list[UUID]:
    """Mark as lost what was dispatched by a worker that fell silent; return the executions touched.

    What is detached is not lost: see `claiming_repository.take_over`.
    """
    expired = (R.status == "running") & (R.lease_until < func.now()) & ~is_detached()
    touched = sorted(set(await session.scalars(select(R.execution_id).where(expired).distinct())))
    if not touched:
        return []
    steered = await lock(session, touched)
    lost = update(R).where(expired, R.execution_id.in_(touched))
    values: dict[str, Any] = {"status": "lost", "error_code": "worker_lost", "error_message": message}
    values |= {"finished_at": func.now(), "updated_at": func.now()}
    await session.execute(lost.values(values), execution_options=PLAIN)
    await steer(session, steered)
    await finish(session, touched)
    return touched


@dataclass(frozen=True, slots=True)
class Plan:
    """What an execution does on each target, and how long that may take there (s)."""

    actions: list[dict[str, Any]]
    target_seconds: float | None
    mode: str
    variables: dict[str, str]
    secret_variables: bytes | None
    files: dict[str, str]
    """Ids of the files that variables stand for."""


async def plans_of(session: AsyncSession, execution_ids: set[UUID]) -> dict[UUID, Plan]:
    """Return what these executions do."""
    query = select(
        Execution.id,
        Execution.actions,
        Execution.strategy,
        Execution.mode,
        Execution.variables,
        Execution.secret_variables,
        Execution.parameters["files"],
    )
    rows = await session.execute(query.where(Execution.id.in_(execution_ids)))
    return {
        id: Plan(actions, strategy.get("target_seconds"), mode, variables, secret, files or {})
        for id, actions, strategy, mode, variables, secret, files in rows
    }

"""The statements of the claim, lease and fence protocol (DESIGN.md §4). All times are the database's.

scheduled --claim--> scheduled with lease --intent--> running --result--> terminal
   ^______ lease expired: nobody sent anything ______|      |__ lease expired: lost, or attached to again
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Float, Select, Update, bindparam, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.selectable import TableValuedAlias

from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.steering_repository import OPEN, PLAIN, finish, holding, lock, steer
from opsconductor.kit.database import one_of, rows_of, unnested

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


def after_lease() -> Any:
    """Return the moment `lease` seconds from now, by the clock of the database."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, bindparam("lease", type_=Float))


def is_detached() -> Any:
    """Whether a result can be attached to again."""
    return exists().where(Execution.id == R.execution_id, Execution.mode == "detached")


async def intend(session: AsyncSession, claims: Sequence[Claim], lease: float) -> set[UUID]:
    """Write down that these commands are about to be sent; return the ids for which that still is right."""
    executions = {"execution_ids": sorted({claim.execution_id for claim in claims})}
    await lock(session, executions["execution_ids"])
    given = _held_by(claims) | {"lease": lease}
    rows = set(await session.scalars(_intending(), given, execution_options=PLAIN))
    await session.execute(_beginning(), executions, execution_options=PLAIN)
    return rows


@cache
def _intending() -> ReturningUpdate[UUID]:
    stopped = exists().where(
        Execution.id == R.execution_id,
        or_(
            Execution.cancel_requested_at.is_not(None),
            Execution.stop_reason.is_not(None),
            Execution.starts_until <= func.now(),
        ),
    )
    return (
        update(R)
        .where(_is_held(), R.status == "scheduled", R.cancel_requested_at.is_(None), ~stopped)
        .values(status="running", started_at=func.now(), updated_at=func.now(), lease_until=after_lease())
        .returning(R.id)
    )


@cache
def _beginning() -> Update:
    first = update(Execution).where(one_of(Execution.id, "execution_ids"), Execution.status == "scheduled")
    return first.values(status="running", started_at=func.now())


def _is_held() -> Any:
    """Whether a result is held by one of the claims that are given with a statement (`_held_by`)."""
    held = _claimed("held")
    return tuple_(R.id, R.fence).in_(select(held.c.id, held.c.fence))


def _held_by(claims: Sequence[Claim]) -> dict[str, Any]:
    return _rows("held", claims)


def _claimed(name: str, *more: str) -> TableValuedAlias:
    """Return claims as a table of ids and fences, with further columns of results, as `_rows` gives them."""
    return unnested(name, {each: R.__table__.c[each].type for each in ("id", "fence", *more)})


def _rows(name: str, claims: Sequence[Claim], **more: Sequence[Any]) -> dict[str, Any]:
    ids, fences = [claim.result_id for claim in claims], [claim.fence for claim in claims]
    return rows_of(name, {"id": ids, "fence": fences, **more})


async def progress(
    session: AsyncSession, begun: Sequence[tuple[Claim, list[dict[str, Any]]]]
) -> dict[UUID, bool]:
    """Write down which action is about to begin; return for each id that is still ours whether it shall stop."""
    given = _rows("new", [claim for claim, _ in begun], steps=[steps for _, steps in begun])
    rows = await session.execute(_progressing(), given, execution_options=PLAIN)
    return {row[0]: row[1] for row in rows}


@cache
def _progressing() -> ReturningUpdate[UUID, bool]:
    new = _claimed("new", "steps")
    return (
        update(R)
        .where(R.id == new.c.id, R.fence == new.c.fence)
        .where(R.status == "running", Execution.id == R.execution_id)
        .values(steps=new.c.steps, updated_at=func.now())
        .returning(R.id, _to_be_stopped())
    )


def _to_be_stopped() -> Any:
    """Whether a running result (joined with its execution) shall be ended before its time."""
    return or_(
        Execution.cancel_requested_at.is_not(None),
        Execution.stop_reason.is_not_distinct_from("deadline"),
        R.cancel_requested_at.is_not(None),
    )


@dataclass(frozen=True, slots=True)
class Stored:
    """What came of writing outcomes down."""

    results: set[UUID]
    """Those that were still ours; others were superseded."""
    ended: set[UUID]
    """The executions that ended by it."""


async def store(session: AsyncSession, outcomes: Sequence[Outcome]) -> Stored:
    """Write results down, all in one statement.

    The same statement holds their executions, each before its results are written, as `lock` does: what steers and
    finishes an execution after it sees what others have written before.
    """
    columns = {name: [outcome.columns[name] for outcome in outcomes] for name in outcomes[0].columns}
    claims = [outcome.claim for outcome in outcomes]
    given = _rows("new", claims, **columns)
    given["execution_ids"] = list({claim.execution_id for claim in claims})
    written = (await session.execute(_storing(tuple(columns)), given, execution_options=PLAIN)).all()
    await steer(session, sorted({execution_id for _, execution_id, steered in written if steered}))
    ended = await finish(session, sorted({execution_id for _, execution_id, _ in written}))
    return Stored({id for id, _, _ in written}, set(ended))


@cache
def _storing(columns: tuple[str, ...]) -> ReturningUpdate[UUID, UUID, bool]:
    new, held = _claimed("new", *columns), holding().cte("held")
    return (
        update(R)
        .where(R.id == new.c.id, R.fence == new.c.fence, R.status.in_(OPEN))
        .where(R.execution_id == held.c.id)
        .values({name: new.c[name] for name in columns})
        .values(finished_at=func.now(), updated_at=func.now())
        .returning(R.id, held.c.id, held.c.steered)
    )


async def renew(session: AsyncSession, claims: Sequence[Claim], lease: float) -> dict[UUID, bool]:
    """Prolong what a worker holds; return for each id that is still its own whether it shall be cancelled."""
    held = select(R.id).where(_is_held(), R.status.in_(OPEN)).order_by(R.id).with_for_update()
    prolonged = (
        update(R)
        .where(R.id.in_(held), Execution.id == R.execution_id)
        .values(lease_until=after_lease())
        .returning(R.id, _to_be_stopped())
    )
    rows = await session.execute(prolonged, _held_by(claims) | {"lease": lease}, execution_options=PLAIN)
    return {row[0]: row[1] for row in rows}


async def hand_back(session: AsyncSession, claims: Sequence[Claim]) -> None:
    """Give up what another worker can begin or attach to, so that it need not wait for the lease."""
    freed = update(R).where(_is_held(), R.status == "scheduled").values(lease_until=None, worker=None)
    await session.execute(freed, _held_by(claims), execution_options=PLAIN)
    left = update(R).where(_is_held(), R.status == "running", is_detached()).values(lease_until=func.now())
    await session.execute(left, _held_by(claims), execution_options=PLAIN)


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
    rows = await session.execute(_planned(), {"execution_ids": list(execution_ids)})
    return {
        id: Plan(actions, strategy.get("target_seconds"), mode, variables, secret, files or {})
        for id, actions, strategy, mode, variables, secret, files in rows
    }


@cache
def _planned() -> Select[*tuple[Any, ...]]:
    return select(
        Execution.id,
        Execution.actions,
        Execution.strategy,
        Execution.mode,
        Execution.variables,
        Execution.secret_variables,
        Execution.parameters["files"],
    ).where(one_of(Execution.id, "execution_ids"))

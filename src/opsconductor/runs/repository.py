"""The runs domain's questions to the database."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    Table,
    Text,
    Update,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from opsconductor.auth.models import User
from opsconductor.contracts.runs import RunReport
from opsconductor.executions.models import Execution
from opsconductor.kit.database import Base, one_of, rows_of, unnested
from opsconductor.runs.models import WorkflowExecution as Run
from opsconductor.runs.models import WorkflowExecutionStep as Step
from opsconductor.workflows.models import NoderedFlow

RUNS, STEPS = (Base.metadata.tables[each.__tablename__] for each in (Run, Step))
"""As tables: what is given with a statement about objects would be taken for their attributes."""
REPORTED = {
    "id": "run_id",
    "node_red_flow_id": "flow_id",
    "node_id": "node_id",
    "node_name": "node_name",
    "node_type": "node_type",
    "cause": "cause",
    "started_by": "started_by",
    "status": "status",
    "started_at": "started_at",
    "completed_at": "finished_at",
    "error_message": "error_message",
    "error_node_id": "error_node_id",
}
"""Columns of a run, and what they are called in a report."""
GOES_ON = ("status", "completed_at", "error_message", "error_node_id")
"""What a later report of the same run can change."""


TOLD_BY_STEP = 500
"""Executions of a run that its steps name; all of them are listed by the run's id."""
COUNTS = ("messages", "errors")
OF_A_STEP = tuple(column.name for column in STEPS.columns if column.name != "run_id")
"""Columns of a step, which are called the same in a report."""


async def keep_runs(session: AsyncSession, reports: Sequence[RunReport]) -> None:
    """Write down what is told of runs, new or known; the flow's name, version and owner are those of its beginning."""
    given = {name: [getattr(report, field) for report in reports] for name, field in REPORTED.items()}
    details = [report.cause_detail for report in reports]
    await session.execute(_keeping_runs(), rows_of("told", {**given, "detail": details}))


@cache
def _keeping_runs() -> Insert:
    told = _told(RUNS, REPORTED, detail=Text())
    first = select(func.min(cast(Execution.id, String))).where(Execution.run_id == cast(told.c.id, String))
    found = select(
        *(told.c[name] for name in REPORTED),
        func.coalesce(NoderedFlow.flow_name, told.c.node_red_flow_id),
        NoderedFlow.version,
        NoderedFlow.user_id,
        User.username,
        cast(first.scalar_subquery(), Run.execution_id.type),
        func.jsonb_build_object("detail", told.c.detail),
    ).select_from(
        told.outerjoin(NoderedFlow, NoderedFlow.flow_id == told.c.node_red_flow_id).outerjoin(
            User, User.id == NoderedFlow.user_id
        )
    )
    names = [
        *REPORTED,
        "workflow_name",
        "workflow_version",
        "user_id",
        "username",
        "execution_id",
        "metadata",
    ]
    wanted = insert(RUNS).from_select(names, found.order_by(told.c.id))
    new: dict[str, Any] = {name: wanted.excluded[name] for name in (*GOES_ON, "execution_id")}
    new["seen_at"] = func.now()
    return wanted.on_conflict_do_update(index_elements=["id"], set_=new)


async def keep_steps(session: AsyncSession, reports: Sequence[RunReport]) -> None:
    """Write down what is told of the steps of runs."""
    steps = {(report.run_id, step.node_id): step for report in reports for step in report.steps}
    if not steps:
        return
    given = {name: [getattr(step, name) for step in steps.values()] for name in OF_A_STEP}
    run_ids = [run_id for run_id, _ in steps]
    await session.execute(_keeping_steps(), rows_of("told", {"run_id": run_ids, **given}))


@cache
def _keeping_steps() -> Insert:
    columns = ["run_id", *OF_A_STEP]
    told = _told(STEPS, columns)
    wanted = insert(STEPS).from_select(columns, select(*(told.c[name] for name in columns)))
    # A process that has forgotten a run counts from nothing when the run goes on.
    new: dict[str, Any] = {name: wanted.excluded[name] for name in ("status", "finished_at")}
    new |= {name: func.greatest(wanted.excluded[name], STEPS.c[name]) for name in COUNTS}
    new["error_message"] = func.coalesce(wanted.excluded.error_message, Step.error_message)
    return wanted.on_conflict_do_update(index_elements=["run_id", "node_id"], set_=new)


def _told(table: Table, names: Iterable[str], **more: TypeEngine[Any]) -> TableValuedAlias:
    """Return what is told as a table, with these columns of another one."""
    return unnested("told", {name: table.c[name].type for name in names} | more)


async def keep_alive(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Note that these runs go on, also those that were believed to be lost."""
    await session.execute(_keeping_alive(), {"run_ids": list(ids)})


@cache
def _keeping_alive() -> Update:
    going_on = {"seen_at": func.now(), "status": "running", "completed_at": None, "error_message": None}
    known = one_of(Run.id, "run_ids") & Run.status.in_(("running", "lost"))
    return update(Run).where(known).values(going_on)


async def to_be_cancelled(session: AsyncSession, ids: Sequence[UUID]) -> list[UUID]:
    return list(await session.scalars(_to_be_cancelled(), {"run_ids": list(ids)}))


@cache
def _to_be_cancelled() -> Select[UUID]:
    wanted = one_of(Run.id, "run_ids") & (Run.status == "running")
    return select(Run.id).where(wanted, Run.cancel_requested_at.is_not(None))


async def lose_silent(session: AsyncSession, since: datetime, reason: str) -> list[UUID]:
    """End runs that nobody has reported since then, and return them."""
    silent = (Run.status == "running") & (Run.seen_at < since)
    lost = {"status": "lost", "completed_at": func.now(), "error_message": reason}
    return list(await session.scalars(update(Run).where(silent).values(lost).returning(Run.id)))


async def forget_old(session: AsyncSession, before: datetime, most: int) -> int:
    """Delete some of the runs that began before then and have ended; return how many."""
    old = select(Run.id).where(Run.started_at < before, Run.status != "running").limit(most)
    gone = await session.scalars(delete(Run).where(Run.id.in_(old)).returning(Run.id))
    return len(list(gone))


async def run(session: AsyncSession, run_id: UUID, *, lock: bool = False) -> Run | None:
    query = select(Run).where(Run.id == run_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def steps(session: AsyncSession, run_id: UUID) -> list[Step]:
    query = select(Step).where(Step.run_id == run_id).order_by(Step.started_at, Step.node_id)
    return list(await session.scalars(query))


def runs(
    *,
    status: str | None = None,
    flow_id: str | None = None,
    text: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Select[Any]:
    wanted: list[ColumnElement[bool]] = []
    if status:
        wanted.append(Run.status == status)
    if flow_id:
        wanted.append(Run.node_red_flow_id == flow_id)
    if text:
        fields = (
            Run.workflow_name,
            Run.started_by,
            Run.username,
            Run.error_message,
            Run.extra["detail"].astext,
        )
        wanted.append(or_(*(field.icontains(text, autoescape=True) for field in fields)))
    if since:
        wanted.append(Run.started_at >= since)
    if until:
        wanted.append(Run.started_at < until)
    return select(Run).where(*wanted)


async def execution_counts(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many executions these runs have started; runs without any are left out."""
    query = select(Execution.run_id, func.count()).where(Execution.run_id.in_([str(id) for id in ids]))
    rows = await session.execute(query.group_by(Execution.run_id))
    return {UUID(run_id): number for run_id, number in rows if run_id}


async def executions_of_nodes(session: AsyncSession, run_id: UUID) -> dict[str, list[UUID]]:
    """Return which executions the nodes of a run have started, by node, up to `TOLD_BY_STEP` in all."""
    query = select(Execution.node_id, Execution.id).where(Execution.run_id == str(run_id))
    found: dict[str, list[UUID]] = {}
    for node_id, id in await session.execute(query.order_by(Execution.id).limit(TOLD_BY_STEP)):
        found.setdefault(node_id or "", []).append(id)
    return found


async def open_executions(session: AsyncSession, run_id: UUID) -> list[UUID]:
    query = select(Execution.id).where(
        Execution.run_id == str(run_id), Execution.status.in_(("scheduled", "running"))
    )
    return list(await session.scalars(query.order_by(Execution.id)))

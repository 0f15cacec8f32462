"""The runs domain's questions to the database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, Text, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.selectable import TableValuedAlias
from sqlalchemy.types import TypeEngine

from opsconductor.auth.models import User
from opsconductor.contracts.runs import RunReport, StepReport
from opsconductor.executions.models import Execution
from opsconductor.kit.database import unnested
from opsconductor.runs.models import WorkflowExecution as Run
from opsconductor.runs.models import WorkflowExecutionStep as Step
from opsconductor.workflows.models import NoderedFlow

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


COUNTS = ("messages", "errors")


async def keep_runs(session: AsyncSession, reports: Sequence[RunReport]) -> None:
    """Write down what is told of runs, new or known; the flow's name, version and owner are those of its beginning."""
    details = [report.cause_detail for report in reports]
    told = _told(Run, REPORTED, reports, detail=(Text(), details))
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
    wanted = insert(Run).from_select(names, found.order_by(told.c.id))
    new: dict[str, Any] = {name: wanted.excluded[name] for name in (*GOES_ON, "execution_id")}
    new["seen_at"] = func.now()
    await session.execute(wanted.on_conflict_do_update(index_elements=["id"], set_=new))


async def keep_steps(session: AsyncSession, reports: Sequence[RunReport]) -> None:
    """Write down what is told of the steps of runs."""
    steps = {(report.run_id, step.node_id): step for report in reports for step in report.steps}
    if not steps:
        return
    names = {column.name: column.name for column in Step.__table__.columns if column.name != "run_id"}
    ids = [run_id for run_id, _ in steps]
    told = _told(Step, names, list(steps.values()), run_id=(Step.run_id.type, ids))
    columns = ["run_id", *names]
    wanted = insert(Step).from_select(columns, select(*(told.c[name] for name in columns)))
    # A process that has forgotten a run counts from nothing when the run goes on.
    new: dict[str, Any] = {name: wanted.excluded[name] for name in ("status", "finished_at")}
    new |= {name: func.greatest(wanted.excluded[name], Step.__table__.c[name]) for name in COUNTS}
    new["error_message"] = func.coalesce(wanted.excluded.error_message, Step.error_message)
    await session.execute(wanted.on_conflict_do_update(index_elements=["run_id", "node_id"], set_=new))


def _told(
    table: type[Run] | type[Step],
    names: dict[str, str],
    rows: Sequence[RunReport] | Sequence[StepReport],
    **more: tuple[TypeEngine[Any], Sequence[Any]],
) -> TableValuedAlias:
    kinds = {column.name: column.type for column in table.__table__.columns}
    columns = {name: (kinds[name], [getattr(row, field) for row in rows]) for name, field in names.items()}
    return unnested("told", columns | more)


async def keep_alive(session: AsyncSession, ids: Sequence[UUID]) -> None:
    """Note that these runs go on, also those that were believed to be lost."""
    going_on = {"seen_at": func.now(), "status": "running", "completed_at": None, "error_message": None}
    known = Run.id.in_(ids) & Run.status.in_(("running", "lost"))
    await session.execute(update(Run).where(known).values(going_on))


async def to_be_cancelled(session: AsyncSession, ids: Sequence[UUID]) -> list[UUID]:
    query = select(Run.id).where(
        Run.id.in_(ids), Run.status == "running", Run.cancel_requested_at.is_not(None)
    )
    return list(await session.scalars(query))


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


async def open_executions(session: AsyncSession, run_id: UUID) -> list[UUID]:
    query = select(Execution.id).where(
        Execution.run_id == str(run_id), Execution.status.in_(("scheduled", "running"))
    )
    return list(await session.scalars(query.order_by(Execution.id)))

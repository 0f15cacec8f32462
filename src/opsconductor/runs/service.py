"""Use cases of the runs domain: what Node-RED reports, what people look for, and cancelling."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog

from opsconductor import audit
from opsconductor.contracts.runs import RunReports, RunsHeard
from opsconductor.executions import service as executions
from opsconductor.executions.errors import ExecutionEnded
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.runs import repository, waits_repository
from opsconductor.runs.errors import RunEnded, RunNotFound
from opsconductor.runs.models import WorkflowExecution, WorkflowExecutionStep
from opsconductor.runs.schemas import RunDetail, RunOut, RunStepOut

log = structlog.get_logger()

SILENCE = timedelta(seconds=20)
"""Node-RED tells every 5 s which runs go on. One that is not named for longer than this is lost."""
FORGET_AT_ONCE = 1_000
UNTOUCHED = timedelta(days=400)
"""Waits that were not touched for as long belong to nodes that are gone."""
LOST = "Node-RED fell silent while this ran; how far it came after its last step is not known."


async def hear(uow: UnitOfWork, said: RunReports) -> RunsHeard:
    """Write down what Node-RED reports, and answer which runs are to end."""
    runs = list({run.run_id: run for run in said.runs}.values())  # the last word on each
    if runs:
        await repository.keep_runs(uow.session, runs)
        await repository.keep_steps(uow.session, runs)
    if said.alive:
        await repository.keep_alive(uow.session, said.alive)
    if said.left_out:
        log.warning("runs.left_out", runs=said.left_out)
    named = [*said.alive, *(run.run_id for run in runs)]
    return RunsHeard(cancel=await repository.to_be_cancelled(uow.session, named))


async def cancel(uow: UnitOfWork, run_id: UUID) -> list[UUID]:
    """Ask for the end of a run, and end its executions; return those. Node-RED is told when it next asks."""
    run = await get(uow, run_id, lock=True)
    if run.status != "running":
        raise RunEnded(status=run.status)
    if run.cancel_requested_at is None:
        run.cancel_requested_at, run.cancelled_by = now(), uow.actor.name
        audit.record(uow, "run.cancelled", "run", run.id, run.workflow_name)
    return await _cancel_executions(uow, run_id)


async def _cancel_executions(uow: UnitOfWork, run_id: UUID) -> list[UUID]:
    cancelled = []
    for execution_id in await repository.open_executions(uow.session, run_id):
        try:
            await executions.cancel(uow, execution_id)
        except ExecutionEnded:  # meanwhile, by itself
            continue
        cancelled.append(execution_id)
    return cancelled


async def get(uow: UnitOfWork, run_id: UUID, *, lock: bool = False) -> WorkflowExecution:
    """Return a run."""
    found = await repository.run(uow.session, run_id, lock=lock)
    if found is None:
        raise RunNotFound
    return found


async def detail(uow: UnitOfWork, run_id: UUID) -> RunDetail:
    """Return a run with its steps."""
    run = await get(uow, run_id)
    counts = await repository.execution_counts(uow.session, [run_id])
    steps = await repository.steps(uow.session, run_id)
    started = await repository.executions_of_nodes(uow.session, run_id)
    shown = out(run, counts.get(run_id, 0))
    told = [_step_out(step, started.get(step.node_id, [])) for step in steps]
    return RunDetail(**shown.model_dump(), steps=told)


async def listed(uow: UnitOfWork, limit: int, cursor: str | None, **wanted: Any) -> Rows:
    """Return a page of runs, newest first."""
    order = [
        Order(WorkflowExecution.started_at, descending=True),
        Order(WorkflowExecution.id, descending=True),
    ]
    return await page_of(uow.session, repository.runs(**wanted), order, limit, cursor)


async def forget_old(uow: UnitOfWork, days: int) -> int:
    """Delete some runs that began longer ago and have ended, and return how many; 0 once there are none."""
    await waits_repository.forget_untouched(uow.session, now() - UNTOUCHED)
    return await repository.forget_old(uow.session, now() - timedelta(days=days), FORGET_AT_ONCE)


async def lose_silent(uow: UnitOfWork) -> list[UUID]:
    """End the runs of a Node-RED that fell silent, and return them."""
    return await repository.lose_silent(uow.session, now() - SILENCE, LOST)


def out(run: WorkflowExecution, executions: int) -> RunOut:
    """Return a run as people see it."""
    renamed = {
        "flow_id": run.node_red_flow_id,
        "cause_detail": run.extra.get("detail", ""),
        "run_as": run.username,
        "execution_count": executions,
        "duration_ms": _milliseconds(run.started_at, run.completed_at),
    }
    facts = {name: getattr(run, name) for name in RunOut.model_fields if name not in renamed}
    return RunOut(**facts, **renamed)


def _step_out(step: WorkflowExecutionStep, execution_ids: list[UUID]) -> RunStepOut:
    computed = {
        "duration_ms": _milliseconds(step.started_at, step.finished_at),
        "execution_ids": execution_ids,
    }
    facts = {name: getattr(step, name) for name in RunStepOut.model_fields if name not in computed}
    return RunStepOut(**facts, **computed)


def _milliseconds(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else max(0, round((end - start).total_seconds() * 1000))

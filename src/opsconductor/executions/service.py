"""Use cases of the executions domain: accept, look at, cancel."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson

from opsconductor import audit
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions import repository
from opsconductor.executions.errors import (
    ExecutionEnded,
    ExecutionNotFound,
    KeyUsedForOther,
    ResultNotFound,
)
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.schemas import NewExecution
from opsconductor.kit.clock import now
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.targets import repository as targets
from opsconductor.targets.errors import UnknownTargets

WAKE = "executions.wake"
"""Topic: there is something to claim."""
OVERHEAD = 60  # s beside the command's own time: connecting, signing in, storing


@dataclass(frozen=True)
class Place:
    """The place in a workflow that starts an execution."""

    flow_id: str
    node_id: str | None = None
    node_name: str | None = None
    run_id: str | None = None


async def accept(
    uow: UnitOfWork, wanted: NewExecution, *, key: str | None = None, place: Place | None = None
) -> Execution:
    """Write down an execution with a result for every target, once per idempotency key."""
    digest = _digest(wanted, place)
    if key and (earlier := await _earlier(uow, key, digest)):
        return earlier
    names = await _target_names(uow, wanted.target_ids)
    execution = _execution(uow, wanted, place)
    uow.session.add(execution)
    await uow.session.flush()  # results and key refer to it
    if key and not await repository.remember_key(uow.session, _owner(uow), key, digest, execution.id):
        await uow.session.delete(execution)
        await uow.session.flush()  # somebody else accepted this key in between: theirs counts
        earlier = await _earlier(uow, key, digest)
        assert earlier is not None
        return earlier
    rows = [_scheduled(execution.id, target_id, names[target_id]) for target_id in names]
    await repository.add_results(uow.session, rows)
    audit.record(
        uow,
        "execution.started",
        "execution",
        execution.id,
        execution.name,
        after={"actions": execution.actions, "target_ids": [str(id) for id in names]},
    )
    uow.send(WAKE, execution_id=str(execution.id))
    return execution


async def _earlier(uow: UnitOfWork, key: str, digest: bytes) -> Execution | None:
    remembered = await repository.remembered_key(uow.session, _owner(uow), key)
    if remembered is None:
        return None
    if remembered.request_sha256 != digest:
        raise KeyUsedForOther
    return await get(uow, remembered.execution_id)


async def _target_names(uow: UnitOfWork, wanted: Sequence[UUID]) -> dict[UUID, str]:
    """Return the wanted targets' names, in the order they were asked for, each once."""
    found = await targets.targets_by_id(uow.session, wanted)
    missing = [str(id) for id in dict.fromkeys(wanted) if id not in found]
    if missing:
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        errors = [{"field": "target_ids", "message": f"no target has the id {id}"} for id in missing[:100]]
        raise UnknownTargets(count=len(missing), ids=shown, errors=errors)
    return {id: found[id].name for id in dict.fromkeys(wanted)}


def _execution(uow: UnitOfWork, wanted: NewExecution, place: Place | None) -> Execution:
    parameters = wanted.actions[0].action_parameters
    longest = parameters.timeout + OVERHEAD * (1 + parameters.retry_count)
    return Execution(
        id=new_id(),
        name=wanted.name or parameters.command.strip().splitlines()[0][:100],
        description=wanted.description,
        status="scheduled",
        actions=[action.model_dump() for action in wanted.actions],
        target_count=len(set(wanted.target_ids)),
        created_by=uow.actor.id,
        created_by_name=uow.actor.name,
        deadline_at=now() + timedelta(seconds=longest),
        flow_id=place and place.flow_id,
        node_id=place and place.node_id,
        node_name=place and place.node_name,
        run_id=place and place.run_id,
    )


def _scheduled(execution_id: UUID, target_id: UUID, name: str) -> dict[str, Any]:
    return {"id": new_id(), "execution_id": execution_id, "target_id": target_id, "target_name": name}


def _digest(wanted: NewExecution, place: Place | None) -> bytes:
    content = {"wanted": wanted.model_dump(mode="json"), "flow": place and place.flow_id}
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def _owner(uow: UnitOfWork) -> str:
    return f"{uow.actor.kind}:{uow.actor.id or uow.actor.name}"


async def cancel(uow: UnitOfWork, execution_id: UUID) -> Execution:
    """Ask for the end of an execution: nothing new starts, what runs is stopped by its worker."""
    execution = await get(uow, execution_id, lock=True)
    if execution.status in TERMINAL:
        raise ExecutionEnded(status=execution.status)
    if execution.cancel_requested_at is None:
        execution.cancel_requested_at = now()
        await uow.session.flush()  # the statements below read it
        audit.record(uow, "execution.cancelled", "execution", execution.id, execution.name)
    await repository.cancel_scheduled(uow.session, execution_id)
    await protocol.finish(uow.session, [execution_id])
    await uow.session.refresh(execution)
    return execution


async def get(uow: UnitOfWork, execution_id: UUID, *, lock: bool = False) -> Execution:
    """Return an execution."""
    found = await repository.execution(uow.session, execution_id, lock=lock)
    if found is None:
        raise ExecutionNotFound
    return found


async def listed(uow: UnitOfWork, limit: int, cursor: str | None, **wanted: Any) -> Rows:
    """Return a page of executions, newest first."""
    order = [Order(Execution.id, descending=True)]
    return await page_of(uow.session, repository.executions(**wanted), order, limit, cursor)


async def results(
    uow: UnitOfWork, execution_id: UUID, status: str | None, limit: int, cursor: str | None
) -> Rows:
    """Return a page of an execution's results, by target name."""
    await get(uow, execution_id)
    order = [Order(ExecutionResult.target_name), Order(ExecutionResult.id)]
    return await page_of(uow.session, repository.results(execution_id, status), order, limit, cursor)


async def result(uow: UnitOfWork, execution_id: UUID, result_id: UUID) -> ExecutionResult:
    """Return one result."""
    found = await repository.result(uow.session, execution_id, result_id)
    if found is None:
        raise ResultNotFound
    return found

"""Use cases of the executions domain: accept, look at, cancel. Steering has a module of its own."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.calendars import service as calendars
from opsconductor.calendars.applying import Applied
from opsconductor.contracts.actions import CommandAction
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.credentials.vault import Vault
from opsconductor.executions import repository
from opsconductor.executions import steering_repository as steering
from opsconductor.executions.binding import bound, check_files, with_scripts
from opsconductor.executions.errors import (
    ExecutionEnded,
    ExecutionNotFound,
    NothingAccepted,
    PreviewOutdated,
    ResultNotFound,
    TooManyExecutions,
    TooManyOperations,
)
from opsconductor.executions.given import Given, give
from opsconductor.executions.models import Execution, ExecutionResult
from opsconductor.executions.parameters import masked_values
from opsconductor.executions.preview import preview
from opsconductor.executions.repository import OpenWork
from opsconductor.executions.schemas import NewExecution, Preview
from opsconductor.executions.strategy import Course, course, in_order
from opsconductor.executions.windows import admit, record_override
from opsconductor.kit.clock import now
from opsconductor.kit.errors import KeyUsedForOther
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.kit.wire import sha256_of
from opsconductor.targets import service as targets
from opsconductor.targets.models import Target

WAKE = "executions.wake"
"""Topic: there is something to claim."""
RETRY_AFTER = {"Retry-After": "5"}  # s; an execution ends every few seconds where there are that many


@dataclass(frozen=True)
class Place:
    """The place in a workflow that starts an execution."""

    flow_id: str
    node_id: str | None = None
    node_name: str | None = None
    run_id: str | None = None


@dataclass(frozen=True)
class Admission:
    """How much may wait or run at once."""

    executions_per_user: int
    operations: int


@dataclass(frozen=True)
class Repeated:
    """An execution that is run again, and the action to begin with on each of its targets."""

    id: UUID
    first_actions: dict[UUID, int]
    given: Given


async def accept(
    uow: UnitOfWork,
    wanted: NewExecution,
    admission: Admission,
    vault: Vault,
    *,
    key: str | None = None,
    only_known: bool = False,
    place: Place | None = None,
    repeated: Repeated | None = None,
    may_override: bool = False,
) -> Execution:
    """Write down an execution with a result for every target, once per idempotency key."""
    digest = _digest(wanted, place)
    if key and (earlier := await _earlier(uow, key, digest)):
        return earlier
    if only_known:
        raise NothingAccepted
    work = await repository.open_work(uow.session, uow.actor.id, uow.actor.name)
    fleet = None
    if work.calendars or wanted.preview_sha256:
        fleet = await targets.known(uow, wanted.target_ids)
        names = {id: target.name for id, target in fleet.items()}
    else:
        names = await targets.names_of(uow, wanted.target_ids)
    if repeated is None:
        wanted = await with_scripts(uow, wanted)
    given = repeated.given if repeated else await bound(uow, wanted)
    await check_files(uow, wanted)
    _admit(work, admission, len(names))
    windows = await _windows(uow, fleet) if fleet and work.calendars else Applied(now())
    if fleet:
        _refuse_outdated(wanted, fleet, windows)
    admitted = admit(windows, len(names), wanted.window_override, may_override=may_override)
    way = course(wanted.strategy, wanted.actions, len(names))
    execution = _execution(uow, wanted, way, place, repeated)
    execution.starts_until, execution.window_override = admitted.starts_until, admitted.overridden
    give(execution, given, vault)
    uow.session.add(execution)
    await uow.session.flush()  # results and key refer to it
    if key and not await repository.remember_key(uow.session, uow.actor.owner, key, digest, execution.id):
        await uow.session.delete(execution)
        await uow.session.flush()  # somebody else accepted this key in between: theirs counts
        earlier = await _earlier(uow, key, digest)
        assert earlier is not None
        return earlier
    order = in_order(wanted.strategy, names)
    first = repeated.first_actions if repeated else {}
    rows = [
        {
            "id": new_id(),
            "execution_id": execution.id,
            "target_id": id,
            "target_name": names[id],
            "batch": way.batch_of(number) if len(way.batches) > 1 else 0,
            "place": number,
            "first_action": first.get(id, 0),
        }
        for number, id in enumerate(order)
    ]
    await repository.add_results(uow.session, rows)
    audit.record(
        uow,
        "execution.started",
        "execution",
        execution.id,
        execution.name,
        after={
            "actions": execution.actions,
            "parameters": execution.parameters.get("values", {}),
            "strategy": execution.strategy,
            "mode": execution.mode,
            "rerun_of": repeated and str(repeated.id),
            "target_ids": [str(id) for id in order],
        },
    )
    record_override(uow, execution)
    uow.send(WAKE, execution_id=str(execution.id))
    return execution


async def look_ahead(uow: UnitOfWork, wanted: NewExecution) -> Preview:
    """Return what accepting this would mean; nothing is written."""
    wanted = await with_scripts(uow, wanted)
    await bound(uow, wanted)
    await check_files(uow, wanted)
    fleet = await targets.known(uow, wanted.target_ids)
    return _preview(wanted, fleet, await _windows(uow, fleet))


async def _windows(uow: UnitOfWork, fleet: dict[UUID, Target]) -> Applied:
    return await calendars.over(uow, list(fleet.values()))


def _preview(wanted: NewExecution, fleet: dict[UUID, Target], windows: Applied) -> Preview:
    names = {id: target.name for id, target in fleet.items()}
    order = list(fleet) if wanted.strategy.order == "random" else in_order(wanted.strategy, names)
    way = course(wanted.strategy, wanted.actions, len(fleet))
    return preview(wanted, [fleet[id] for id in order], way, windows)


def _refuse_outdated(wanted: NewExecution, fleet: dict[UUID, Target], windows: Applied) -> None:
    if wanted.preview_sha256 and _preview(wanted, fleet, windows).sha256 != wanted.preview_sha256:
        raise PreviewOutdated


def _admit(work: OpenWork, admission: Admission, count: int) -> None:
    """Refuse what would make the queue longer than is good for anybody."""
    if work.mine >= admission.executions_per_user:
        raise TooManyExecutions(count=work.mine, headers=RETRY_AFTER)
    # One of any size is let in when idle.
    if work.operations and work.operations + count > admission.operations:
        raise TooManyOperations(count=work.operations, headers=RETRY_AFTER)


async def _earlier(uow: UnitOfWork, key: str, digest: bytes) -> Execution | None:
    remembered = await repository.remembered_key(uow.session, uow.actor.owner, key)
    if remembered is None:
        return None
    if remembered.request_sha256 != digest:
        raise KeyUsedForOther
    return await get(uow, remembered.execution_id)


def _execution(
    uow: UnitOfWork, wanted: NewExecution, way: Course, place: Place | None, repeated: Repeated | None
) -> Execution:
    strategy = wanted.strategy
    ends = strategy.deadline_seconds
    return Execution(
        id=new_id(),
        name=wanted.name or _name_of(wanted),
        description=wanted.description,
        status="scheduled",
        actions=[action.model_dump(mode="json") for action in wanted.actions],
        target_count=len(set(wanted.target_ids)),
        mode=wanted.mode,
        strategy=strategy.model_dump(exclude_defaults=True),
        priority=strategy.priority,
        parallelism=strategy.parallelism,
        batch_count=len(way.batches),
        pause_between_batches=strategy.pause_between_batches,
        max_failures=way.max_failures,
        run_until=None if ends is None else now() + timedelta(seconds=ends),
        rerun_of=repeated and repeated.id,
        created_by=uow.actor.id,
        created_by_name=uow.actor.name,
        deadline_at=now() + timedelta(seconds=way.longest_seconds),
        flow_id=place and place.flow_id,
        node_id=place and place.node_id,
        node_name=place and place.node_name,
        run_id=place and place.run_id,
    )


def _name_of(wanted: NewExecution) -> str:
    """Return a name for an execution that was given none: what its first action does."""
    action = wanted.actions[0]
    if isinstance(action, CommandAction):
        name = action.action_parameters.command.strip().splitlines()[0]
    else:
        name = action.action_name
    more = f" (+{len(wanted.actions) - 1})" if len(wanted.actions) > 1 else ""
    return name[: 100 - len(more)] + more


def _digest(wanted: NewExecution, place: Place | None) -> bytes:
    content = {
        "wanted": wanted.model_dump(mode="json", exclude={"preview_sha256", "values"}),
        # Without secret ones, of which not even a hash is kept.
        "values": masked_values(wanted.parameters, wanted.values),
        "flow": place and place.flow_id,
    }
    return sha256_of(content)


async def cancel(uow: UnitOfWork, execution_id: UUID) -> Execution:
    """Ask for the end of an execution: nothing new starts, what runs is stopped by its worker."""
    execution = await get_open(uow, execution_id)
    if execution.cancel_requested_at is None:
        execution.cancel_requested_at = now()
        await uow.session.flush()  # the statements below read it
        audit.record(uow, "execution.cancelled", "execution", execution.id, execution.name)
    await repository.cancel_scheduled(uow.session, execution_id)
    await steering.finish(uow.session, [execution_id])
    await uow.session.refresh(execution)
    return execution


async def get_open(uow: UnitOfWork, execution_id: UUID) -> Execution:
    """Return an execution that has not ended, and hold it."""
    execution = await get(uow, execution_id, lock=True)
    if execution.status in TERMINAL:
        raise ExecutionEnded(status=execution.status)
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
    order = [Order(ExecutionResult.target_name), Order(ExecutionResult.id)]
    found = await page_of(uow.session, repository.results_as_rows(execution_id, status), order, limit, cursor)
    if not found.items:
        await get(uow, execution_id)  # or there is no such execution
    return found


async def result(uow: UnitOfWork, execution_id: UUID, result_id: UUID) -> ExecutionResult:
    """Return one result."""
    found = await repository.result(uow.session, execution_id, result_id)
    if found is None:
        raise ResultNotFound
    return found

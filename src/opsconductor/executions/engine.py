"""The engine of a worker: claims results, works on many at once, writes outcomes, keeps its leases."""

import asyncio
import math
import os
import socket
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.credentials.vault import Vault
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.claiming_repository import Worker, take
from opsconductor.executions.operation import Superseded, perform
from opsconductor.executions.preparation import prepared
from opsconductor.executions.protocol_repository import Claim, Outcome, Standing
from opsconductor.executions.site import Doors, Operation
from opsconductor.files.shelf import ResultShelf
from opsconductor.files.storage import Storage
from opsconductor.kit.database import Sessions
from opsconductor.kit.group_commit import GroupCommit
from opsconductor.kit.ids import new_id
from opsconductor.kit.live import Hints
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import Actor, UnitOfWork, UnitsOfWork
from opsconductor.storage.folder import Folder
from opsconductor.targets import repository as targets
from opsconductor.targets import service as targets_service
from opsconductor.transports.base import Transport

log = structlog.get_logger()
BEGUN = "begun"
"""What is told of executions in which nothing ended yet: whoever waits for results need not look."""
T = TypeVar("T")
Beginning = tuple[Claim, list[dict[str, Any]]]
"""A claim under which a further action begins, and the steps up to that one."""

Pin = tuple[UUID, str]
"""A target that had no key, and the one it showed."""

WITH_DEAD_HOSTS = 4
"""Times the usual number of operations that are held at most, however many wait for hosts that do not answer."""
POLL = 1.0  # s; how late a wake-up that Redis lost is noticed
LAST_ATTEMPTS = 5.0  # s after the request to stop that a database that is away may take to come back
WORKER = Actor("service", name="worker")
AWAY = (DBAPIError, PoolTimeout)
HAND_OVER = 15.0  # s that operations under way get at shutdown
LONGEST_BACKOFF = 5.0  # s between attempts to reach a database that is away


class Engine:
    """One per worker process, living in one event loop."""

    def __init__(
        self,
        settings: Settings,
        units: UnitsOfWork,
        reads: Sessions,
        transport: Transport,
        vault: Vault,
        hints: Hints,
        folder: Folder,
    ) -> None:
        self.name = f"{socket.gethostname()[:60]}:{os.getpid()}:{new_id().hex[-8:]}"
        self._sessions, self._reads, self._vault, self._hints = units.sessions, reads, vault, hints
        files = Storage(folder)
        self._lease = float(settings.lease_seconds)
        self._slots = settings.max_parallel
        self._operations: dict[UUID, Operation] = {}
        self._tasks: dict[UUID, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._left_over = True
        """Whether something waits that could not be begun when we looked last: each end may make room for it."""
        self._stopping = False
        self._gives_up_at = math.inf
        """When nothing more is tried while the database is away, by the event loop's clock."""
        self._intents: GroupCommit[Claim, bool] = GroupCommit(self._write_intents)
        self._beginnings: GroupCommit[Beginning, Standing] = GroupCommit(self._write_beginnings)
        self._pins: GroupCommit[Pin, str | None] = GroupCommit(self._write_pins)
        self._outcomes: GroupCommit[Outcome, bool] = GroupCommit(self._write_outcomes)
        self._doors = Doors(
            transport=transport,
            folder=folder,
            intend=self._intents.add,
            progress=lambda claim, steps: self._beginnings.add((claim, steps)),
            pin=lambda target_id, key: self._pins.add((target_id, key)),
            refuse_key=self._refuse_key,
            shelf=lambda claim: ResultShelf(
                units, files, claim.execution_id, claim.result_id, claim.target_id
            ),
        )

    def wake(self) -> None:
        """Look for work now rather than at the next poll."""
        self._wake.set()

    async def run(self) -> None:
        """Work until `stop` is called."""
        keepers = [asyncio.create_task(keep()) for keep in (self._keep_leases, self._watch_cancellations)]
        try:
            while not self._stopping:
                self._wake.clear()
                self._left_over = self._left_over or not self._free
                if not (self._free and await self._persistently(self._claim)):
                    await self._until_woken()
        except AWAY as error:
            if not self._stopping:
                raise
            log.warning("engine.stopped_without_database", reason=type(error).__name__)
        finally:
            await self._hand_over()
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    def stop(self) -> None:
        """Claim nothing more; `run` returns when what is under way has ended or was handed over."""
        self._stopping = True
        self._gives_up_at = asyncio.get_running_loop().time() + LAST_ATTEMPTS
        self._wake.set()

    @property
    def _free(self) -> int:
        """Room for further operations. Who waits for a dead host holds up nobody: such do not count, within reason."""
        at_work = len(self._tasks) - self._doors.transport.unanswered()
        return max(0, min(self._slots - at_work, WITH_DEAD_HOSTS * self._slots - len(self._tasks)))

    async def _until_woken(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), POLL)
        except TimeoutError:
            return

    async def _claim(self, session: AsyncSession) -> bool:
        """Begin what can be had; tell whether it is worth looking again at once."""
        taken = await take(session, Worker(self.name, self._free, self._lease))
        await session.commit()
        self._left_over = taken.left_over
        if taken.claims:
            async with self._reads() as reads:
                for operation in await prepared(reads, taken.claims, self._vault):
                    self._begin(operation)
        return taken.overtaken or (taken.left_over and bool(taken.claims))

    def _begin(self, operation: Operation) -> None:
        id = operation.claim.result_id
        self._operations[id] = operation
        self._tasks[id] = asyncio.create_task(self._work(operation))

    async def _work(self, operation: Operation) -> None:
        id = operation.claim.result_id
        try:
            outcome = await perform(operation, self._doors)
            if not await self._stored(operation, outcome):
                log.warning("operation.superseded", result_id=str(id))
        except Superseded:
            log.info("operation.superseded", result_id=str(id))
        except Exception:  # door: its lease runs out and it is marked lost; the others go on
            log.exception("operation.not_stored", result_id=str(id))
        finally:
            self._operations.pop(id, None)
            del self._tasks[id]
            if self._left_over:
                self._wake.set()

    async def _stored(self, operation: Operation, outcome: Outcome) -> bool:
        stored = False
        try:
            stored = await self._outcomes.add(outcome)
        finally:
            self._operations.pop(operation.claim.result_id, None)
            await operation.afterwards(stored)
        return stored

    async def _write_intents(self, claims: list[Claim]) -> list[bool]:
        async def write(session: AsyncSession) -> set[UUID]:
            return await protocol.intend(session, claims, self._lease)

        allowed = await self._persistently(write)
        await self._tell(BEGUN, claims)
        return [claim.result_id in allowed for claim in claims]

    async def _write_beginnings(self, begun: list[Beginning]) -> list[Standing]:
        async def write(session: AsyncSession) -> dict[UUID, bool]:
            return await protocol.progress(session, begun)

        stop = await self._persistently(write)
        await self._tell(BEGUN, [claim for claim, _ in begun])
        standing: dict[bool | None, Standing] = {None: "gone", True: "cancelled", False: "ours"}
        return [standing[stop.get(claim.result_id)] for claim, _ in begun]

    async def _write_outcomes(self, outcomes: list[Outcome]) -> list[bool]:
        stored = await self._persistently(lambda session: protocol.store(session, outcomes))
        await self._tell("execution", [outcome.claim for outcome in outcomes], ended=stored.ended)
        return [outcome.claim.result_id in stored.results for outcome in outcomes]

    async def _tell(self, kind: str, claims: Sequence[Claim], ended: Collection[UUID] = ()) -> None:
        for id in {claim.execution_id for claim in claims}:
            await self._hints.publish(kind, str(id), goes_on=id not in ended)

    async def _write_pins(self, shown: list[Pin]) -> list[str | None]:
        return await self._persistently(
            lambda session: targets_service.pin_first_keys(UnitOfWork(session, WORKER), shown)
        )

    async def _refuse_key(self, target_id: UUID, key: str) -> None:
        log.error("target.host_key_refused", target_id=str(target_id))
        await self._persistently(lambda session: targets.keep_offered_key(session, target_id, key))

    async def _persistently(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Do something in a transaction; as long as the database is away, try again (not for ever at shutdown)."""
        pause = 0.1
        while True:
            try:
                async with self._sessions() as session:
                    answer = await work(session)
                    await session.commit()
                    return answer
            except AWAY as error:
                if isinstance(error, DBAPIError) and not _passes(error):
                    raise
                if asyncio.get_running_loop().time() > self._gives_up_at:
                    raise
                log.warning("engine.database_away", reason=type(error).__name__, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_BACKOFF)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._lease / 3)
            held = [operation.claim for operation in self._operations.values()]
            if held:
                await self._renew(held)

    async def _renew(self, held: list[Claim]) -> None:
        try:
            async with self._sessions() as session:
                ours = await protocol.renew(session, held, self._lease)
                await session.commit()
        except AWAY as error:  # the next round comes soon
            log.warning("engine.leases_not_renewed", reason=type(error).__name__)
            return
        for claim in held:
            if ours.get(claim.result_id) is None:
                self._let_go(claim.result_id)
            elif ours[claim.result_id]:
                self._cancel(claim.result_id)

    def _cancel(self, result_id: UUID) -> None:
        if operation := self._operations.get(result_id):
            operation.cancelled.set()

    def _let_go(self, result_id: UUID) -> None:
        """End what is no longer ours; what is detached goes on, with whoever has taken it over."""
        operation = self._operations.get(result_id)
        if operation is not None and operation.detached:
            self._tasks[result_id].cancel()
        else:
            self._cancel(result_id)

    async def _watch_cancellations(self) -> None:
        async with self._hints.everything() as hints:
            while True:
                hint = await hints.get()
                if hint["kind"] == "cancel":
                    held = [
                        op.claim
                        for op in self._operations.values()
                        if str(op.claim.execution_id) == hint["id"]
                    ]
                    if held:
                        await self._renew(held)  # the database says whether it is true

    async def _hand_over(self) -> None:
        """Let what runs end; give back what has not begun to run."""
        if not self._tasks:
            return
        log.info("engine.handing_over", operations=len(self._tasks))
        await asyncio.wait(self._tasks.values(), timeout=HAND_OVER)
        left = [operation.claim for operation in self._operations.values()]
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if not left:
            return
        try:
            await self._persistently(lambda session: protocol.hand_back(session, left))
        except AWAY as error:  # their leases run out instead
            log.warning("engine.not_handed_back", reason=type(error).__name__)


def _passes(error: DBAPIError) -> bool:
    """Tell whether a database error goes away by itself: a lost connection, a restart, a deadlock, a full pool."""
    if error.connection_invalidated:
        return True
    code: Any = getattr(error.orig, "sqlstate", None)
    return code is None or code[:2] in ("08", "40", "53", "57")

"""One transaction for one request or task: session, actor, and what must be sent after the commit."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.kit import outbox
from opsconductor.kit.database import Sessions
from opsconductor.kit.errors import OpsError
from opsconductor.kit.group_commit import GroupCommit
from opsconductor.kit.ids import new_id
from opsconductor.kit.outbox import OutgoingMessage
from opsconductor.kit.refusals import refusal

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a person, a service of ours, or nobody known. `kind` is user, service or anonymous."""

    kind: str
    id: UUID | None = None
    name: str = ""
    via: str | None = None
    """What acted for them, e.g. `flow:<id>`; None when they acted themselves."""

    @property
    def owner(self) -> str:
        """Whose idempotency keys these are: nobody meets the keys of somebody else."""
        return f"{self.kind}:{self.id or self.name}"


ANONYMOUS = Actor("anonymous")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from, for audit and logs."""

    request_id: str = ""
    address: str | None = None


class Sender(Protocol):
    """Something that delivers messages to other processes; may fail, may deliver twice."""

    async def send(self, topic: str, payload: dict[str, Any]) -> None: ...


class Teller(Protocol):
    """Something that hints to other processes that the `kind` with this id changed. Never fails; may be lost."""

    async def publish(self, kind: str, id: str) -> None: ...


@dataclass
class UnitOfWork:
    """What a use case works with. It is committed by whoever opened it, never by the use case."""

    session: AsyncSession
    actor: Actor = ANONYMOUS
    origin: Origin = field(default_factory=Origin)
    outgoing: list[OutgoingMessage] = field(default_factory=list)
    changed: dict[tuple[str, str], None] = field(default_factory=dict)

    def send(self, topic: str, **payload: Any) -> None:
        """Write a message down; it is sent after the commit, and again by beat if this process dies first."""
        message = OutgoingMessage(id=new_id(), topic=topic, payload=payload)
        self.session.add(message)
        self.outgoing.append(message)

    def hint(self, kind: str, id: UUID) -> None:
        """Let other processes know after the commit, before the answer, that something changed; may be lost."""
        self.changed[kind, str(id)] = None


class UnitsOfWork:
    """Opens units of work on one database, one sender, and one teller where there is somebody to tell."""

    def __init__(self, sessions: Sessions, sender: Sender, teller: Teller | None = None) -> None:
        self.sessions = sessions
        self.sender = sender
        self.teller = teller
        self._deliveries: set[asyncio.Task[None]] = set()
        self._sent: GroupCommit[UUID, None] = GroupCommit(self._forget)

    @asynccontextmanager
    async def begin(
        self, actor: Actor = ANONYMOUS, origin: Origin | None = None
    ) -> AsyncIterator[UnitOfWork]:
        """Open one; commit at the end, roll back on an error, deliver messages after the commit."""
        async with self.sessions() as session:
            uow = UnitOfWork(session, actor, origin or Origin())
            try:
                yield uow
            except OpsError as error:
                if error.keeps_transaction:
                    await self._commit(uow)
                raise
            except (DBAPIError, PoolTimeout) as error:
                raise refusal(error) from error.__cause__
            else:
                await self._commit(uow)

    async def _commit(self, uow: UnitOfWork) -> None:
        try:
            await uow.session.commit()
        except DBAPIError as error:
            raise refusal(error) from error.__cause__
        if self.teller:
            for kind, id in uow.changed:
                await self.teller.publish(kind, id)
        if uow.outgoing:
            self._in_background(self._deliver(uow.outgoing))

    def _in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._deliveries.add(task)
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, messages: list[OutgoingMessage]) -> None:
        for message in messages:
            try:
                await self.sender.send(message.topic, message.payload)
            except Exception as error:  # noqa: BLE001  # door: the row stays, beat sends it later
                log.warning("outbox.not_sent", topic=message.topic, reason=type(error).__name__)
            else:
                await self._sent.add(message.id)

    async def _forget(self, sent: list[UUID]) -> list[None]:
        try:
            async with self.sessions() as session:
                await outbox.forget(session, sent)
                await session.commit()
        except (DBAPIError, PoolTimeout) as error:  # a second delivery is harmless: wake-ups carry no content
            log.warning("outbox.not_forgotten", reason=type(error).__name__)
        return [None] * len(sent)

    async def settle(self) -> None:
        """Wait until every delivery under way has ended (at shutdown, and in tests)."""
        while self._deliveries:
            await asyncio.gather(*self._deliveries)

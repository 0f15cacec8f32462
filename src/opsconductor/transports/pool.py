"""Connections that stay warm between commands, so that most commands need neither handshake nor login.

A connection is handed out again only for exactly the same endpoint, way, login and pinned host key. Whatever
changes, be it a password in the vault or the key that was approved, leads to a new one. So does everything that
is not certain: a command that was cancelled, ran out of time, or whose end was not clean takes its connection
with it.

For the target a login is a moment in the past: the groups, limits and environment of the user are as old as the
connection, and a key that was withdrawn there keeps the connections it has opened. Hence the longest life.
"""

import asyncio
import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Self, TypeVar

from opsconductor.transports.base import (
    CheckResult,
    Command,
    Connection,
    Endpoint,
    Exit,
    Hop,
    HostKeyCheck,
    Running,
    Sink,
    SshLogin,
    Stopped,
    Transport,
)
from opsconductor.transports.detached import Detaching, OperationKey, Received, detaching
from opsconductor.transports.errors import ConnectionClosed, SessionRefused, SessionTimeout
from opsconductor.transports.files import Files
from opsconductor.transports.hostkeys import bare
from opsconductor.transports.identity import described

T = TypeVar("T")
SWEEP = 5.0  # s between two looks at what is idle: so much longer what is too old or dead may be held


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many connections are kept, and how long. Kept or not, a connection runs one command at a time."""

    idle: float = 60
    """s without a command after which a connection is closed."""
    life: float = 600
    """s from the login after which a connection is not used again."""
    total: int = 500
    """Idle connections altogether; each needs a file descriptor. Where this is reached, none is added."""
    per_target: int = 4
    """Idle connections to one target with the same login."""


@dataclass(slots=True)
class PoolFigures:
    """What a pool did, and what it holds."""

    opened: int = 0
    """Connections made."""
    reused: int = 0
    """Times that one was handed out again."""
    in_use: int = 0
    idle: int = 0


@dataclass(slots=True, eq=False)
class _Kept:
    """A connection that outlives its use; the moments are those of the event loop's clock."""

    connection: Connection
    identity: bytes
    born: float
    rests_since: float


@dataclass(frozen=True, slots=True)
class _Route:
    """What leads to a connection. Held by who uses one: the pool itself keeps no secret."""

    endpoint: Endpoint
    login: SshLogin
    host_key: HostKeyCheck
    via: tuple[Hop, ...]


class PooledTransport:
    """A transport that uses the connections of another one again. Close it at the end."""

    def __init__(self, transport: Transport, limits: PoolLimits | None = None) -> None:
        self._transport = transport
        self._limits = limits or PoolLimits()
        self._salt = secrets.token_bytes(32)
        self._idle: dict[bytes, list[_Kept]] = {}
        self._sweeper: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        self.figures = PoolFigures()

    async def connect(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> "PooledConnection":
        """Hand out a warm connection, or connect. Without a pinned key it always connects."""
        route = _Route(endpoint, login, host_key, tuple(via))
        warm = self._warm(route)
        return PooledConnection(self, route, warm or await self.open(route), warm=warm is not None)

    async def check(
        self, endpoint: Endpoint, login: SshLogin, host_key: HostKeyCheck, via: Sequence[Hop] = ()
    ) -> CheckResult:
        return await self._transport.check(endpoint, login, host_key, via)

    async def scan_host_key(self, endpoint: Endpoint) -> str:
        return await self._transport.scan_host_key(endpoint)

    def unanswered(self) -> int:
        return self._transport.unanswered()

    async def close(self) -> None:
        """Close what is idle; what is in use is closed when it comes back. Idempotent."""
        self._closing.set()
        if self._sweeper is not None:
            await self._sweeper
        await self._drop(lambda kept: True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self, route: _Route) -> _Kept:
        """Connect; for `PooledConnection`, as the next two."""
        connection = await self._transport.connect(route.endpoint, route.login, route.host_key, route.via)
        self.figures.opened += 1
        self.figures.in_use += 1
        now = asyncio.get_running_loop().time()
        # The key the host has proved to have: the first contact may have accepted any.
        return _Kept(connection, self._identity(route, connection.host_key), now, now)

    async def give_back(self, kept: _Kept) -> None:
        """Keep a connection on which nothing runs for the next one who needs it, if there is room."""
        kept.rests_since = asyncio.get_running_loop().time()
        beside = len(self._idle.get(kept.identity, ()))
        full = self.figures.idle >= self._limits.total or beside >= self._limits.per_target
        if full or self._closing.is_set() or not self._fit(kept):
            await self.discard(kept)
            return
        self._idle.setdefault(kept.identity, []).append(kept)
        self.figures.in_use -= 1
        self.figures.idle += 1
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())

    async def discard(self, kept: _Kept) -> None:
        """Close a connection that was in use."""
        self.figures.in_use -= 1
        await kept.connection.close()

    def _warm(self, route: _Route) -> _Kept | None:
        """Return the connection that rests shortest, if it is fit; the sweeper sees to the others."""
        if route.host_key.pinned is None:
            return None
        identity = self._identity(route, bare(route.host_key.pinned))
        for kept in reversed(self._idle.get(identity, ())):
            if self._fit(kept):
                self._forget(kept)
                self.figures.reused += 1
                self.figures.in_use += 1
                return kept
        return None

    def _fit(self, kept: _Kept) -> bool:
        now = asyncio.get_running_loop().time()
        young = now - kept.rests_since < self._limits.idle and now - kept.born < self._limits.life
        return young and not kept.connection.closed

    def _forget(self, kept: _Kept) -> None:
        self._idle[kept.identity].remove(kept)
        self.figures.idle -= 1
        if not self._idle[kept.identity]:
            del self._idle[kept.identity]

    def _identity(self, route: _Route, key: str) -> bytes:
        """Return a keyed digest of all that must be the same for a connection to be the same."""
        whole = described(route.endpoint, route.login, route.via, key)
        return hashlib.blake2b(whole, key=self._salt, digest_size=32).digest()

    async def _sweep(self) -> None:
        """Close what is too old or dead, as long as anything is idle."""
        pause = min(SWEEP, self._limits.idle / 2)
        while self._idle and not self._closing.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closing.wait(), pause)
            await self._drop(lambda kept: not self._fit(kept))

    async def _drop(self, unwanted: Callable[[_Kept], bool]) -> None:
        gone = [kept for resting in self._idle.values() for kept in resting if unwanted(kept)]
        for kept in gone:
            self._forget(kept)
        await asyncio.gather(*(kept.connection.close() for kept in gone))


class PooledConnection:
    """A connection that may go back to the pool when it is closed. See `transports.base.Connection`."""

    def __init__(self, pool: PooledTransport, route: _Route, kept: _Kept, *, warm: bool) -> None:
        self._pool = pool
        self._route = route
        self._kept: _Kept | None = kept
        self._warm = warm
        """True as long as nothing has shown that the target still answers on it."""
        self._reusable = warm
        self._running: PooledRunning | None = None
        self.host_key = kept.connection.host_key
        self.hop_keys = kept.connection.hop_keys

    @property
    def closed(self) -> bool:
        return self._kept is None or self._kept.connection.closed

    async def start(self, command: Command, sink: Sink) -> "PooledRunning":
        if self._kept is None:
            raise ConnectionClosed(host=self._route.endpoint.host, port=self._route.endpoint.port)
        warm, self._warm = self._warm, False
        self._reusable, self._running = False, None
        try:
            running = await self._kept.connection.start(command, sink)
        except (ConnectionClosed, SessionTimeout, SessionRefused) as error:
            sent = isinstance(error, SessionRefused) and error.asked
            if sent or not warm:
                raise
            running = await self._start_anew(self._kept, command, sink)
        self._running = PooledRunning(running)
        return self._running

    async def start_detached(
        self, command: Command, received: Received, key: OperationKey, sent_ago: float | None = None
    ) -> "PooledRunning":
        return await self._attend(lambda on: on.start_detached(command, received, key, sent_ago))

    async def attach(
        self, received: Received, key: OperationKey, seconds: float, sent_ago: float | None = None
    ) -> "PooledRunning":
        return await self._attend(lambda on: on.attach(received, key, seconds, sent_ago))

    async def release(self, key: OperationKey) -> bool:
        released = await self._asked(lambda on: on.release(key))
        self._reusable = True
        return released

    async def _attend(self, ask: Callable[[Detaching], Awaitable[Running]]) -> "PooledRunning":
        self._running = PooledRunning(await self._asked(ask))
        return self._running

    async def _asked(self, ask: Callable[[Detaching], Awaitable[T]]) -> T:
        """Ask an attendant; where it could not be called on a warm connection, call it on a new one."""
        host, port = self._route.endpoint.host, self._route.endpoint.port
        if self._kept is None:
            raise ConnectionClosed(host=host, port=port)
        warm, self._warm = self._warm, False
        self._reusable, self._running = False, None
        try:
            return await ask(detaching(self._kept.connection, host))
        except (ConnectionClosed, SessionTimeout, SessionRefused):
            if not warm:
                raise
        renewed = await self._renew(self._kept)
        return await ask(detaching(renewed.connection, host))

    @contextlib.asynccontextmanager
    async def files(self) -> AsyncIterator[Files]:
        if self._kept is None:
            raise ConnectionClosed(host=self._route.endpoint.host, port=self._route.endpoint.port)
        self._warm, self._reusable, self._running = False, False, None
        async with self._kept.connection.files() as files:
            yield files
        self._reusable = True  # all that was begun there has ended

    async def _start_anew(self, dead: _Kept, command: Command, sink: Sink) -> Running:
        """Connect again: the target had given the connection up, and nothing of the command was sent on it."""
        return await (await self._renew(dead)).connection.start(command, sink)

    async def _renew(self, dead: _Kept) -> _Kept:
        self._kept = None
        await self._pool.discard(dead)
        self._kept = await self._pool.open(self._route)
        return self._kept

    async def close(self) -> None:
        kept, self._kept = self._kept, None
        if kept is None:
            return
        reusable = self._running.clean if self._running else self._reusable
        await (self._pool.give_back(kept) if reusable else self._pool.discard(kept))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


class PooledRunning:
    """A command that remembers whether its end was clean. See `transports.base.Running`."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self._cancelled = False
        self.clean = False

    async def wait(self) -> Exit:
        end = await self._running.wait()
        self.clean = end.clean and not self._cancelled
        return end

    async def cancel(self, grace: float = 2.0) -> Stopped:
        self._cancelled, self.clean = True, False
        return await self._running.cancel(grace)

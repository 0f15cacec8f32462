"""A target while an operation works on it: signing in, running one command, noticing that it shall stop."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from pydantic import SecretStr

from opsconductor.contracts.actions import Action
from opsconductor.executions.outputs import Capture
from opsconductor.executions.protocol_repository import Claim, Standing
from opsconductor.executions.steps import Ended
from opsconductor.executions.transferred import Shelf
from opsconductor.storage.folder import Folder
from opsconductor.targets.way import Way
from opsconductor.transports.base import Command, Connection, Running, Transport
from opsconductor.transports.errors import (
    CommandTimedOut,
    ConnectionLost,
    HostKeyChanged,
    HostKeyRefused,
    TransportError,
)
from opsconductor.transports.hostkeys import fingerprint

HARD_END = 10  # s after the command's own timeout; then the operation ends whatever hangs


async def _nothing(_stored: bool) -> None:
    pass


class StopRequest(asyncio.Event):
    """Set once an operation shall stop. Who has no task to spare for `wait` is told by a call."""

    def __init__(self) -> None:
        super().__init__()
        self._listeners: list[Callable[[], None]] = []

    def set(self) -> None:
        super().set()
        for tell in tuple(self._listeners):
            tell()

    @contextmanager
    def telling(self, tell: Callable[[], None]) -> Iterator[None]:
        """Call this when it is set, and at once where it is, until the end of the block."""
        self._listeners.append(tell)
        try:
            if self.is_set():
                tell()
            yield
        finally:
            self._listeners.remove(tell)


@dataclass
class Operation:
    """What has to be done on one target. `problem` says why it can't even be tried (status, code, sentence)."""

    claim: Claim
    actions: Sequence[Action]
    first_action: int = 0
    """Index of the action to begin with; those before it were done by an earlier execution."""
    variables: dict[str, str] = field(default_factory=dict)
    """Goes into the environment of commands and scripts."""
    files: dict[str, UUID] = field(default_factory=dict)
    """What is brought to the target for commands and scripts, by its path there; see `bring`."""
    seconds: float | None = None
    """How long all actions together may take."""
    way: Way | None = None
    secrets: list[SecretStr] = field(default_factory=list)
    """What must not be kept of the output."""
    become_password: SecretStr | None = None
    posix: bool = True
    detached: bool = False
    problem: tuple[str, str, str] | None = None
    afterwards: Callable[[bool], Awaitable[None]] = _nothing
    """What is left to do on the target once it is known whether the outcome was stored."""
    cancelled: StopRequest = field(default_factory=StopRequest)


@dataclass(frozen=True)
class Doors:
    """What an operation needs of the world: the network, and the engine's transactions."""

    transport: Transport
    folder: Folder
    intend: Callable[[Claim], Awaitable[bool]]
    progress: Callable[[Claim, list[dict[str, Any]]], Awaitable[Standing]]
    pin: Callable[[UUID, str], Awaitable[str | None]]
    refuse_key: Callable[[UUID, str], Awaitable[None]]
    shelf: Callable[[Claim], Shelf]


class StopAsked(Exception):
    """The operation was cancelled while nothing ran on the target."""


class Site:
    """One target during one operation. Leave it at the end."""

    def __init__(self, operation: Operation, doors: Doors, capture: Capture) -> None:
        self.operation, self.capture, self.transport = operation, capture, doors.transport
        self.dispatched = operation.claim.earlier is not None
        """True once it is written down that something was sent."""
        self.action = 0
        """Index of the action under way."""
        self.place = (0, 0)
        """The action under way, and how often it has been run again."""
        self.places: list[tuple[int, int]] = []
        """Those that left something on the target."""
        self.brought = False
        """True once files may be on the target that have to go at the end."""
        self._doors = doors
        self._connection: Connection | None = None
        loop = asyncio.get_running_loop()
        self._ends = None if operation.seconds is None else loop.time() + operation.seconds

    @property
    def way(self) -> Way:
        """The way to the target, with all that is needed to sign in."""
        assert self.operation.way is not None
        return self.operation.way

    def left(self, wanted: float) -> float:
        """Return how many of the wanted seconds the operation still has."""
        if self._ends is None:
            return wanted
        return max(0.0, min(wanted, self._ends - asyncio.get_running_loop().time()))

    async def connection(self) -> Connection:
        """Return a connection to a host whose key is the pinned one. Raises a `TransportError`."""
        if self._connection is None:
            self._connection = await self._connect()
        return self._connection

    @property
    def shelf(self) -> Shelf:
        """Where files of this operation come from and go to."""
        return self._doors.shelf(self.operation.claim)

    async def leave(self) -> None:
        """Close the connection; the next action signs in again."""
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.close()

    async def _connect(self) -> Connection:
        try:
            connection = await self.transport.connect(*self.way.arguments)
        except HostKeyRefused as error:
            await self._doors.refuse_key(self.way.place_of(error), error.offered)
            raise
        first = self.way.first_keys(connection.host_key, connection.hop_keys)
        for target_id, key in first.items():
            await self._pinned(connection, target_id, key)
        if first:
            self.operation.way = self.way.pinned(first)  # the next action must meet the same hosts
        return connection

    async def _pinned(self, connection: Connection, target_id: UUID, offered: str) -> None:
        pinned = await self._doors.pin(target_id, offered)
        if pinned is not None and pinned != offered:
            await connection.close()
            host = self.way.endpoint_of(target_id).host
            raise HostKeyChanged(host=host, offered=offered, fingerprint=fingerprint(offered))

    async def run(self, command: Command, expected: Sequence[int] = (0,)) -> Ended:
        """Send a command and wait for its end, the request to stop, or its time. Raises a `TransportError`."""
        connection = await self.connection()
        running = await connection.start(command, self.capture)
        return await self.attend(running, command.timeout, expected, self.operation.cancelled)

    async def attend(
        self, running: Running, seconds: float, expected: Sequence[int], stop: StopRequest
    ) -> Ended:
        """Wait for the end of a command, the request to stop, or its time. Raises a `TransportError`.

        `asyncio.wait` would need a task more, and cost a twentieth of all that a worker does for a warm command.
        """
        loop, ended = asyncio.get_running_loop(), False
        roused, waiting = loop.create_future(), asyncio.ensure_future(running.wait())

        def rouse(_: object = None) -> None:
            if not roused.done():
                roused.set_result(None)

        waiting.add_done_callback(rouse)
        timer = loop.call_later(seconds + HARD_END, rouse)
        try:
            with stop.telling(rouse):
                await roused
            if ended := waiting.done():
                return await _ended(waiting, running, expected)
            return await _stopped(running, by_request=stop.is_set(), seconds=seconds)
        finally:
            timer.cancel()
            if not ended:
                waiting.cancel()
                await asyncio.gather(waiting, return_exceptions=True)
            self.capture.settle()

    async def pause(self, seconds: float) -> None:
        """Let some time go by. Raises StopAsked where the operation was cancelled meanwhile."""
        try:
            await asyncio.wait_for(self.operation.cancelled.wait(), seconds)
        except TimeoutError:
            return
        raise StopAsked


def failure(error: TransportError) -> Ended:
    """Return the end that an error of the transport is."""
    return Ended(error.kind, error_code=error.code, error_message=error.detail)


async def _ended(waiting: asyncio.Future[Any], running: Running, expected: Sequence[int]) -> Ended:
    try:
        end = waiting.result()
    except ConnectionLost:
        raise
    except TransportError as error:
        await running.cancel()
        return failure(error)
    if not end.clean:
        sentence = "The command ended, but its output may have been cut short."
        return Ended("lost", end.exit_code, end.exit_signal, "output_incomplete", sentence)
    if end.exit_code is None:
        sentence = f"The command was ended by signal {end.exit_signal}."
        return Ended("failed", exit_signal=end.exit_signal, error_code="signal", error_message=sentence)
    return Ended("completed" if end.exit_code in expected else "failed", end.exit_code)


async def _stopped(running: Running, *, by_request: bool, seconds: float) -> Ended:
    stopped = await running.cancel()
    signal = stopped.exit.exit_signal if stopped.exit else None
    if not by_request:
        error = CommandTimedOut(seconds=seconds)
        return Ended("timed_out", exit_signal=signal, error_code=error.code, error_message=error.detail)
    if stopped.ended:
        return Ended("cancelled", exit_signal=signal)
    sentence = "The command was told to stop, but the target did not confirm its end; it may still run."
    return Ended("lost", error_code="end_not_confirmed", error_message=sentence)

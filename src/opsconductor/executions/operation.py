"""One command on one target, from claim to outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog
from pydantic import SecretStr

from opsconductor.contracts.actions import CommandParameters
from opsconductor.executions.outputs import Capture
from opsconductor.executions.protocol_repository import Claim, Outcome
from opsconductor.transports.base import (
    Command,
    Connection,
    Endpoint,
    HostKeyCheck,
    Running,
    SshLogin,
    Transport,
)
from opsconductor.transports.errors import (
    CommandTimedOut,
    ConnectionLost,
    HostKeyChanged,
    HostKeyRefused,
    TransportError,
)
from opsconductor.transports.hostkeys import fingerprint

log = structlog.get_logger()

HARD_END = 10  # s after the command's own timeout; then the operation ends whatever hangs
PAUSE = 1.0  # s before the first retry, doubled for each further one
STATUS_OF = {"unreachable": "unreachable", "failed": "failed", "timed_out": "timed_out", "lost": "lost"}


@dataclass
class Operation:
    """What has to be done on one target. `problem` says why it can't even be tried (status, code, sentence)."""

    claim: Claim
    parameters: CommandParameters
    endpoint: Endpoint | None = None
    login: SshLogin | None = None
    secrets: Sequence[SecretStr] = ()
    host_key: HostKeyCheck = field(default_factory=HostKeyCheck)
    problem: tuple[str, str, str] | None = None
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True)
class Doors:
    """What an operation needs of the world: the network, and the engine's transactions."""

    transport: Transport
    storage: Path
    intend: Callable[[Claim], Awaitable[bool]]
    pin: Callable[[UUID, str], Awaitable[str | None]]
    refuse_key: Callable[[UUID, str], Awaitable[None]]


class Superseded(Exception):
    """Somebody else decides about this result now (it was cancelled, or its lease had ended)."""


async def perform(operation: Operation, doors: Doors) -> Outcome:
    """Do it; return what to store. Raises Superseded where nothing may be stored."""
    claim = operation.claim
    with Capture(doors.storage, claim.result_id, claim.fence, secrets=operation.secrets) as capture:
        attempts = 0
        try:
            if operation.problem:
                status, code, sentence = operation.problem
                end = _end(status, error_code=code, error_message=sentence)
            else:
                connection, attempts = await _connected(operation, doors)
                async with connection:
                    end = await _run(operation, connection, doors, capture)
        except TransportError as error:
            end = _end(STATUS_OF[error.kind], error_code=error.code, error_message=error.detail)
        except Superseded:
            raise
        except Exception as error:  # door: one target must not stop the others
            log.exception("operation.failed_unexpectedly", result_id=str(operation.claim.result_id))
            sentence = f"OpsConductor itself failed here ({type(error).__name__}); its log says more."
            end = _end("failed", error_code="internal_error", error_message=sentence)
    return Outcome(operation.claim, {**end, "attempts": attempts, **capture.columns()})


def _end(
    status: str,
    *,
    exit_code: int | None = None,
    exit_signal: str | None = None,
    error_code: str | None = None,
    error_message: str | None = None,
) -> dict[str, Any]:
    return {
        "status": status,
        "exit_code": exit_code,
        "exit_signal": exit_signal,
        "error_code": error_code,
        "error_message": error_message,
    }


async def _connected(operation: Operation, doors: Doors) -> tuple[Connection, int]:
    """Return a connection whose host key is the pinned one; retry only what certainly sent nothing."""
    assert operation.endpoint is not None
    assert operation.login is not None
    for attempt in range(operation.parameters.retry_count + 1):
        try:
            connection = await doors.transport.connect(
                operation.endpoint, operation.login, operation.host_key
            )
        except HostKeyRefused as error:
            await doors.refuse_key(operation.claim.target_id, error.offered)
            raise
        except TransportError as error:
            if not error.retry or attempt == operation.parameters.retry_count:
                raise
            await _pause(operation, PAUSE * 2**attempt)
        else:
            await _pinned(operation, connection, doors)
            return connection, attempt + 1
    raise AssertionError("the last attempt returns or raises")


async def _pause(operation: Operation, seconds: float) -> None:
    try:
        await asyncio.wait_for(operation.cancelled.wait(), seconds)
    except TimeoutError:
        return
    raise Superseded


async def _pinned(operation: Operation, connection: Connection, doors: Doors) -> None:
    if operation.host_key.pinned is not None:
        return
    assert operation.endpoint is not None
    pinned = await doors.pin(operation.claim.target_id, connection.host_key)
    if pinned is not None and pinned != connection.host_key:
        offered = connection.host_key
        await connection.close()
        raise HostKeyChanged(host=operation.endpoint.host, offered=offered, fingerprint=fingerprint(offered))


async def _run(
    operation: Operation, connection: Connection, doors: Doors, capture: Capture
) -> dict[str, Any]:
    parameters = operation.parameters
    if not await doors.intend(operation.claim):
        raise Superseded
    running = await connection.start(Command(parameters.command, parameters.timeout), capture)
    waiting = asyncio.ensure_future(running.wait())
    stopping = asyncio.ensure_future(operation.cancelled.wait())
    limit = parameters.timeout + HARD_END
    try:
        await asyncio.wait({waiting, stopping}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            return await _ended(waiting, running)
        return await _stopped(running, by_request=stopping.done(), seconds=parameters.timeout)
    finally:
        for task in (waiting, stopping):
            task.cancel()
        await asyncio.gather(waiting, stopping, return_exceptions=True)


async def _ended(waiting: asyncio.Future[Any], running: Running) -> dict[str, Any]:
    try:
        end = waiting.result()
    except ConnectionLost:
        raise
    except TransportError as error:
        await running.cancel()
        return _end(STATUS_OF[error.kind], error_code=error.code, error_message=error.detail)
    if not end.clean:
        sentence = "The command ended, but its output may have been cut short."
        return _end(
            "lost",
            exit_code=end.exit_code,
            exit_signal=end.exit_signal,
            error_code="output_incomplete",
            error_message=sentence,
        )
    if end.exit_code is None:
        sentence = f"The command was ended by signal {end.exit_signal}."
        return _end("failed", exit_signal=end.exit_signal, error_code="signal", error_message=sentence)
    return _end("completed" if end.exit_code == 0 else "failed", exit_code=end.exit_code)


async def _stopped(running: Running, *, by_request: bool, seconds: float) -> dict[str, Any]:
    stopped = await running.cancel()
    signal = stopped.exit.exit_signal if stopped.exit else None
    if not by_request:
        error = CommandTimedOut(seconds=seconds)
        return _end("timed_out", exit_signal=signal, error_code=error.code, error_message=error.detail)
    if stopped.ended:
        return _end("cancelled", exit_signal=signal)
    sentence = "The command was told to stop, but the target did not confirm its end; it may still run."
    return _end("lost", error_code="end_not_confirmed", error_message=sentence)

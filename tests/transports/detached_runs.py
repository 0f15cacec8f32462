"""Detached commands, as most tests run them, and what they leave on a target."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from uuid import uuid4

from tests.support.sshd import Target
from tests.transports.sinks import Kept

from opsconductor.transports import Command, Exit
from opsconductor.transports.detached import OperationKey, Received
from opsconductor.transports.ssh import SshTransport
from opsconductor.transports.ssh.transport import SshConnection


def a_key(fence: int = 1) -> OperationKey:
    return OperationKey(str(uuid4()), fence)


def later(key: OperationKey) -> OperationKey:
    """Whoever takes the operation over."""
    return OperationKey(key.id, key.fence + 1)


@contextlib.asynccontextmanager
async def connected(transport: SshTransport, target: Target) -> AsyncIterator[SshConnection]:
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        yield connection


async def run(connection: SshConnection, text: str, key: OperationKey | None = None) -> tuple[Exit, Kept]:
    kept = Kept()
    running = await connection.start_detached(Command(text, 20), Received(kept), key or a_key())
    return await running.wait(), kept


async def start_and_vanish(
    transport: SshTransport, target: Target, command: Command, key: OperationKey
) -> None:
    """Start, then lose the connection."""
    connection = await transport.connect(target.endpoint, target.login, target.pinned)
    await connection.start_detached(command, Received(Kept()), key)
    connection._connection.abort()
    await connection.close()


async def attached(connection: SshConnection, key: OperationKey, seconds: float = 20) -> tuple[Exit, Kept]:
    kept = Kept()
    running = await connection.attach(Received(kept), key, seconds)
    return await running.wait(), kept


def state(target: Target) -> Path:
    return target.home / "state"


def folder(target: Target, key: OperationKey) -> Path:
    return state(target) / "opsconductor/ops" / key.id


def processes(target: Target) -> Iterator[Path]:
    """Yield those that commands of this target, or their helpers, are; zombies have no environment."""
    mark = f"XDG_STATE_HOME={state(target)}\0".encode()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and mark in (process / "environ").read_bytes():
                yield process


async def until(true: Callable[[], object], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)


def alive(note: Path) -> bool:
    """Tell whether the process whose id is in the file exists and is more than a zombie."""
    try:
        return Path(f"/proc/{int(note.read_text())}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def written(note: Path) -> bool:
    return note.exists() and note.read_text().endswith("\n")

"""Questions whether a part works yet. A probe is asked again until it says yes."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.sockets import near

Probe = Callable[[], Awaitable[bool]]
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]
PATIENCE = 5.0  # s for one answer


def http(port: int, path: str = "/health") -> Probe:
    """Ask for a page on loopback; 2xx or 3xx is a yes."""
    return _page(lambda: asyncio.open_connection(LOOPBACK, port), path)


def http_at(socket: Path, path: str = "/health") -> Probe:
    """Ask for a page at a Unix socket; 2xx or 3xx is a yes."""

    async def connect() -> Streams:
        with near(socket) as name:
            return await asyncio.open_unix_connection(name)

    return _page(connect, path)


def _page(connect: Connect, path: str) -> Probe:
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nConnection: close\r\n\r\n".encode()

    async def ask() -> bool:
        answer = await _exchange(connect, request)
        return answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3"))

    return ask


def postgres(url: str) -> Probe:
    """Ask PostgreSQL for an answer to a statement: it listens a moment before it can."""

    async def ask() -> bool:
        import psycopg  # heavy, and only who starts the stack needs it

        with contextlib.suppress(psycopg.Error):
            async with await psycopg.AsyncConnection.connect(url, connect_timeout=2) as connection:
                await connection.execute("select 1")
                return True
        return False

    return ask


def valkey(port: int, password: str) -> Probe:
    """Ask Valkey for a PONG."""

    def connect() -> Awaitable[Streams]:
        return asyncio.open_connection(LOOPBACK, port)

    async def ask() -> bool:
        answer = await _exchange(connect, f"AUTH {password}\r\nPING\r\nQUIT\r\n".encode())
        return b"+PONG" in answer

    return ask


def file(path: Path) -> Probe:
    """Look for a file that the part makes when it is ready."""

    async def ask() -> bool:
        return path.exists()  # noqa: ASYNC240  # one look at a local file

    return ask


async def _exchange(connect: Connect, request: bytes) -> bytes:
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(PATIENCE):
            reader, writer = await connect()
            try:
                writer.write(request)
                await writer.drain()
                return await reader.read(4096)
            finally:
                writer.close()
    return b""


async def until(probe: Probe, pause: float = 0.05) -> Any:
    """Return once the probe says yes; the caller sets the time limit."""
    while not await probe():  # noqa: ASYNC110  # other processes set no event of ours
        await asyncio.sleep(pause)

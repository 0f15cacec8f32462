"""The control socket: what `status`, `restart` and `down` say to the supervisor. Only its owner can open it."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from opsconductor.stack.problems import StackProblem
from opsconductor.stack.sockets import near

Handler = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]
PATIENCE = 60.0  # s for an answer: stopping takes its time


class Control:
    """Answers on the socket, one JSON object a line."""

    def __init__(self, path: Path, handler: Handler) -> None:
        self._path = path
        self._handler = handler
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Begin to answer."""
        self._path.unlink(missing_ok=True)
        before = os.umask(0o077)
        try:
            with near(self._path) as name:
                self._server = await asyncio.start_unix_server(self._answer, name)
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop answering."""
        if self._server:
            self._server.close()
        self._path.unlink(missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, ValueError):
            wanted = json.loads(await reader.readline())
            answer = await self._handler(wanted)
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()


def ask(path: Path, what: str, **more: Any) -> dict[str, Any] | None:
    """Ask the supervisor; None where none answers. Raises StackProblem when it refuses."""
    try:
        with socket.socket(socket.AF_UNIX) as connection, near(path) as name:
            connection.settimeout(PATIENCE)
            connection.connect(name)
            connection.sendall(json.dumps({"do": what, **more}).encode() + b"\n")
            answer = json.loads(connection.makefile().readline() or "null")
    except (OSError, ValueError):
        return None
    if answer and "problem" in answer:
        raise StackProblem(answer["problem"])
    found: dict[str, Any] | None = answer
    return found

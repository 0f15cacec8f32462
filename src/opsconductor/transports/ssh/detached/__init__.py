"""Detached commands over SSH, by three small scripts for POSIX sh.

The *attendant* is what runs in the SSH session: one for each worker that asks. The *keeper*, in a session of its
own, runs the command and writes down how it ended. The *starter* becomes the command. `docs/guide/detached.md`
tells what they leave on a target.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from opsconductor.transports.base import Command, Sink
from opsconductor.transports.detached import OUTPUT_LIMIT, OperationKey, Received
from opsconductor.transports.detached_errors import NeverStarted, OperationSuperseded, unsupported
from opsconductor.transports.errors import ConnectionLost, TransportError
from opsconductor.transports.ssh.channel import CommandSession, ExactChannel
from opsconductor.transports.ssh.detached import scripts
from opsconductor.transports.ssh.detached.conversation import Conversation
from opsconductor.transports.ssh.detached.running import DetachedRunning, lost
from opsconductor.transports.ssh.detached.scripts import COMMAND_LINE, Request
from opsconductor.transports.ssh.detached.speech import new_mark

__all__ = ["COMMAND_LINE", "DetachedCommands"]

Opener = Callable[[Sink], Awaitable[tuple[ExactChannel, CommandSession]]]


class DetachedCommands:
    """Those of one connection. `opened` asks for COMMAND_LINE on a new channel; nothing has run then."""

    def __init__(self, opened: Opener, host: str, seconds: float) -> None:
        """`seconds` is how long an answer may take."""
        self._opened = opened
        self._host = host
        self._seconds = seconds

    async def start(
        self,
        command: Command,
        received: Received,
        key: OperationKey,
        sent_ago: float | None = None,
        limit: int = OUTPUT_LIMIT,
    ) -> DetachedRunning:
        request = _request(key, received, sent_ago)
        talk = await self._ask(request, scripts.start(request, command, limit), received)
        return self._attended(talk, received, command.timeout)

    async def attach(
        self, received: Received, key: OperationKey, seconds: float, sent_ago: float | None = None
    ) -> DetachedRunning:
        request = _request(key, received, sent_ago)
        talk = await self._ask(request, scripts.attach(request), received)
        return self._attended(talk, received, seconds)

    async def release(self, key: OperationKey) -> bool:
        received = Received(_Nowhere())
        request = _request(key, received)
        talk = await self._ask(request, scripts.release(request), received)
        match talk.answer.result():
            case ["released"] | ["gone"]:
                return True
            case ["busy"]:
                return False
            case words:
                raise self._refusal(words)

    async def _ask(self, request: Request, script: bytes, received: Received) -> Conversation:
        """Hold the conversation up to its first answer."""
        talk = Conversation(request.mark, received)
        talk.begin(*await self._opened(talk), script)
        moments: list[asyncio.Future[Any]] = [talk.answer, talk.over]
        await asyncio.wait(moments, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        if talk.answer.done():
            return talk
        talk.close()
        if talk.over.done() and talk.hung_up and not talk.greeted:
            raise unsupported(self._host, "shell")
        raise ConnectionLost(host=self._host)

    def _attended(self, talk: Conversation, received: Received, timeout: float) -> DetachedRunning:
        words = talk.answer.result()
        if words != ["started"]:
            talk.close()
            raise self._refusal(words)
        return DetachedRunning(talk, received, host=self._host, timeout=timeout)

    def _refusal(self, words: list[str]) -> TransportError:
        match words:
            case ["unsupported", what]:
                return unsupported(self._host, what)
            case ["never"]:
                return NeverStarted(host=self._host)
            case ["superseded"]:
                return OperationSuperseded(host=self._host)
            case _:
                return lost(self._host, words)


def _request(key: OperationKey, received: Received, sent_ago: float | None = None) -> Request:
    return Request(key, new_mark(), (received.out.size, received.err.size), sent_ago)


class _Nowhere:
    """A sink for what nobody reads."""

    def stdout(self, data: bytes) -> None:
        pass

    def stderr(self, data: bytes) -> None:
        pass

"""A detached command that is attended: its end, and how to bring it about."""

import asyncio
import signal
from typing import Any

from opsconductor.transports.base import Exit, Stopped
from opsconductor.transports.detached import OUTPUT_LIMIT, Received
from opsconductor.transports.detached_errors import (
    CommandAbandoned,
    KeeperKilled,
    OperationReleased,
    TargetRestarted,
)
from opsconductor.transports.errors import CommandTimedOut, ConnectionLost, OutputLimit, TransportError
from opsconductor.transports.ssh.detached.conversation import Conversation

CANCEL_LIMIT = 4.5  # s, as in attached mode
FORCE_TIME = 2.0  # s that the end and the word of it take after the grace
OWN_END = 5.0  # s in which the target itself ends a command whose time is up
LOST = {"restarted": TargetRestarted, "running": CommandAbandoned, "killed": KeeperKilled}


class DetachedRunning:
    """A command that outlives its connection. See `transports.base.Running`.

    After `ConnectionLost` it still runs: attach to it again, over a new connection.
    """

    def __init__(self, talk: Conversation, received: Received, *, host: str, timeout: float) -> None:
        self._talk = talk
        self._received = received
        self._host = host
        self._timeout = timeout
        self._deadline = asyncio.get_running_loop().time() + timeout + OWN_END

    async def wait(self) -> Exit:
        left = self._deadline - asyncio.get_running_loop().time()
        moments: list[asyncio.Future[Any]] = [self._talk.end, self._talk.refused, self._talk.over]
        done, _ = await asyncio.wait(moments, timeout=max(0, left), return_when=asyncio.FIRST_COMPLETED)
        if self._talk.refused.done():
            raise self._talk.refused.result()
        if self._talk.end.done():
            return self._told(self._talk.end.result())
        if done:
            raise ConnectionLost(host=self._host)
        raise CommandTimedOut(seconds=self._timeout)

    async def cancel(self, grace: float = 2.0) -> Stopped:
        grace = min(grace, CANCEL_LIMIT - FORCE_TIME)
        if not self._talk.end.done():
            self._talk.stop(round(grace * 10))
        moments: list[asyncio.Future[Any]] = [self._talk.end, self._talk.over]
        await asyncio.wait(moments, timeout=CANCEL_LIMIT, return_when=asyncio.FIRST_COMPLETED)
        self._talk.close()
        words = self._talk.end.result() if self._talk.end.done() else []
        ended = words[:1] == ["over"]
        return Stopped(ended=ended, exit=self._exit(words) if ended else None)

    def _told(self, words: list[str]) -> Exit:
        match words:
            case ["over", _, "late", *_]:
                raise CommandTimedOut(seconds=self._timeout)
            case ["over", _, "limit", *_]:
                raise OutputLimit(limit=OUTPUT_LIMIT)
            case ["over", *_]:
                return self._exit(words)
            case _:
                raise lost(self._host, words)

    def _exit(self, words: list[str]) -> Exit:
        _, code, why, whole, out, err, out_hash, err_hash = words
        clean = (
            whole == "whole"
            and self._received.out.is_whole(int(out), out_hash)
            and self._received.err.is_whole(int(err), err_hash)
        )
        name = None if why == "itself" else _signal(int(code))
        return Exit(int(code) if name is None else None, name, clean)


def lost(host: str, words: list[str]) -> TransportError:
    """Return the error for an operation that has no result to tell of."""
    if words[:1] == ["gone"]:
        return OperationReleased(host=host)
    return LOST[words[1]](host=host)


def _signal(code: int) -> str | None:
    """Return the signal we sent, from a shell's word for it: 128 and its number."""
    try:
        return signal.Signals(code - 128).name.removeprefix("SIG")
    except ValueError:
        return None

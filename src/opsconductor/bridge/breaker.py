"""The circuit breaker before the core: where it does not answer, requests are refused at once instead of waiting.

It is our own because no request may be the one that finds out whether the core is back: a long poll would take a
minute for that, and what runs something must not be sent on trial. The probe is a question of its own.
"""

import asyncio
import itertools
import math
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum

import structlog

from opsconductor.bridge import figures
from opsconductor.bridge.errors import CoreUnavailable

log = structlog.get_logger()
FAILURES = 5  # one after the other open it; of one client's bad luck nobody else should notice anything
OVERDUE = 2.0  # s without an answer after which a probe finds out whether there will be one
LOOK_EVERY = 0.25  # s
PAUSES = (1.0, 2.0, 5.0)  # s between probes while it is open; the last one again and again


class State(StrEnum):
    """Closed lets everything through, open nothing; half-open is open while a probe is under way."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """Knows of one service whether it answers."""

    def __init__(self, probe: Callable[[], Awaitable[bool]]) -> None:
        self._probe = probe
        self._failures = self._probes = 0
        self._next_probe = 0.0
        self._due: dict[int, float] = {}
        self._numbers = itertools.count()
        self._watch: asyncio.Task[None] | None = None
        self.state = State.CLOSED
        figures.show_breaker(State, self.state)

    def start(self) -> None:
        """Begin to look after requests that get no answer, and for the end of an outage."""
        self._watch = asyncio.create_task(self._watching())

    async def stop(self) -> None:
        """End that."""
        if self._watch:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)

    @contextmanager
    def under_way(self, wait: float = 0) -> Iterator[None]:
        """Hold a request that may take `wait` seconds more than others; refuse it where it would be in vain."""
        if self.state is not State.CLOSED:
            raise CoreUnavailable(headers={"Cache-Control": "no-store", "Retry-After": str(self.retry_after)})
        number = next(self._numbers)
        self._due[number] = time.monotonic() + wait + OVERDUE
        try:
            yield
        finally:
            del self._due[number]

    @property
    def retry_after(self) -> int:
        """Return the s after which it is worth a try."""
        return max(1, math.ceil(self._next_probe - time.monotonic()))

    def succeeded(self) -> None:
        """Note an answer. What it says does not matter."""
        self._failures = 0

    def failed(self) -> None:
        """Note that there was none."""
        self._failures += 1
        if self._failures >= FAILURES and self.state is State.CLOSED:
            self._probes = 0
            self._open()

    async def _watching(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = time.monotonic()
            if self.state is State.OPEN and now >= self._next_probe:
                await self._try()
            elif self.state is State.CLOSED and any(due < now for due in self._due.values()):
                await self._look()

    async def _look(self) -> None:
        if await self._probe():
            self.succeeded()
        else:
            self.failed()

    async def _try(self) -> None:
        self._become(State.HALF_OPEN)
        if await self._probe():
            self._failures = 0
            self._become(State.CLOSED)
        else:
            self._open()

    def _open(self) -> None:
        self._next_probe = time.monotonic() + PAUSES[min(self._probes, len(PAUSES) - 1)]
        self._probes += 1
        self._become(State.OPEN)

    def _become(self, state: State) -> None:
        log.warning("core.circuit", state=state, before=self.state)
        self.state = state
        figures.TRANSITIONS.labels(state).inc()
        figures.show_breaker(State, state)

"""Whose turn it is with the core: what has ended is told of before something else begins."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress

LONGEST = 0.25  # s that a beginning waits for others to be told of ends; whoever begins has waited for a turn already


class Turns:
    """So many beginnings are with the core at once, and none while somebody reads what became of an execution.

    A thousand flows that start must not hold up those that end: what they start has time, what has ended is late.
    """

    def __init__(self, at_once: int) -> None:
        self._executions, self._hooks = asyncio.Semaphore(at_once), asyncio.Semaphore(at_once)
        self._readers = 0
        self._nobody_reads = asyncio.Event()
        self._nobody_reads.set()

    @contextmanager
    def to_read(self) -> Iterator[None]:
        """Read at once; what begins waits meanwhile."""
        self._readers += 1
        self._nobody_reads.clear()
        try:
            yield
        finally:
            self._readers -= 1
            if not self._readers:
                self._nobody_reads.set()

    def to_begin(self) -> AbstractAsyncContextManager[None]:
        """Begin an execution once it is its turn."""
        return self._turn(self._executions)

    def to_check(self) -> AbstractAsyncContextManager[None]:
        """Have a request to a hook checked, in a line of their own: who sent it waits for the answer."""
        return self._turn(self._hooks)

    @asynccontextmanager
    async def _turn(self, line: asyncio.Semaphore) -> AsyncIterator[None]:
        async with line:
            with suppress(TimeoutError):  # somebody always reads here: then both go on
                async with asyncio.timeout(LONGEST):
                    await self._nobody_reads.wait()
            yield

"""Nudges for Node-RED: `something about this execution (or run) changed, look at it`. They carry no results."""

import asyncio
from collections.abc import AsyncIterator

from fastapi.sse import ServerSentEvent

from opsconductor.kit.live import RECONNECTED, Hints

DEBOUNCE = 0.1  # s; an execution is nudged about at most once in this time
BACKLOG = 10_000  # hints; a burst while this process is busy
KINDS = ("execution", "run", "flows")
"""What there are nudges about: a run is one that somebody wants to end, flows are those that somebody restored."""
MOST = 1000  # of them a slow reader can be behind; then it has to look at all of its own


class Reader:
    """What one stream still has to tell. What changes twice before is told once."""

    def __init__(self) -> None:
        self._changed: dict[tuple[str, str], None] = {}
        self._missed = False
        self._news = asyncio.Event()

    def note(self, kind: str, id: str) -> None:
        """Remember that an execution or a run changed."""
        if len(self._changed) >= MOST:
            self.miss()
        self._changed[kind, id] = None
        self._news.set()

    def miss(self) -> None:
        """Remember that changes are unknown: the reader has to look at everything it waits for."""
        self._changed.clear()
        self._missed = True
        self._news.set()

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """Yield a greeting, and then what changes. After `hello` and `resync` a reader asks for all it waits for."""
        yield ServerSentEvent(event="hello", data={})
        while True:
            await self._news.wait()
            for event in self._take():
                yield event
            await asyncio.sleep(DEBOUNCE)

    def _take(self) -> list[ServerSentEvent]:
        news = [ServerSentEvent(event="resync", data={})] if self._missed else []
        news += [ServerSentEvent(event=kind, data={f"{kind}_id": id}) for kind, id in self._changed]
        self._changed.clear()
        self._missed = False
        self._news.clear()
        return news


class Nudges:
    """One listener per process, for all streams."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._readers: set[Reader] = set()
        self._listener: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End listening."""
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def events(self) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of a new stream."""
        reader = Reader()
        self._readers.add(reader)
        try:
            async for event in reader.events():
                yield event
        finally:
            self._readers.discard(reader)

    async def _listen(self) -> None:
        async with self._hints.everything(BACKLOG) as hints:
            while True:
                dropped = hints.full()  # only we make room, so nothing was dropped unless it is full now
                hint = await hints.get()
                for reader in self._readers:
                    if dropped or hint["kind"] == RECONNECTED:
                        reader.miss()
                    if hint["kind"] in KINDS:
                        reader.note(hint["kind"], hint["id"])

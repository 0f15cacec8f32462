"""Nudges for Node-RED: `something about this execution (or run) changed, look at it`. They carry no results.

All of them are kept for a while, numbered, in one ring for all streams: who comes back names the last one it has
heard, and is told what it missed, or that this is too long ago.
"""

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping

from fastapi.sse import ServerSentEvent

from opsconductor.bridge import figures
from opsconductor.kit.live import RECONNECTED, Hints

DEBOUNCE = 0.01  # s in which what changes is told together; who waits for an end has to wait for this as well
BACKLOG = 10_000  # hints; a burst while this process is busy
KINDS = ("execution", "run", "flows")
"""What there are nudges about: a run is one that somebody wants to end, flows are those that somebody restored."""
MOST = 10_000  # nudges kept for those who come back, and for slow readers


class Ring:
    """The newest nudges of this process, by number. Its name keeps the numbers of another process apart."""

    def __init__(self, most: int = MOST) -> None:
        self._kept: deque[tuple[str, str]] = deque(maxlen=most)
        self._name = secrets.token_hex(4)
        self._grown = asyncio.Event()
        self.newest = 0

    def add(self, kind: str, id: str) -> None:
        """Add a nudge, in the place of the oldest where there is no room."""
        self._kept.append((kind, id))
        self.newest += 1
        self._tell()

    def miss(self) -> None:
        """Note that there were others that nobody knows of."""
        self._kept.clear()
        self.newest += 1
        self._tell()

    def after(self, number: int) -> dict[tuple[str, str], int] | None:
        """Return what came after a number, each once, with the number of its last time; None where some are gone."""
        oldest = self.newest - len(self._kept)
        if number < oldest:
            return None
        found = dict[tuple[str, str], int]()
        for at in range(number - oldest, len(self._kept)):
            found.pop(self._kept[at], None)
            found[self._kept[at]] = oldest + at + 1
        return found

    async def more_than(self, number: int) -> None:
        """Return once there are newer ones than this number."""
        while self.newest <= number:
            await self._grown.wait()

    def id_of(self, number: int) -> str:
        """Return a number as a stream's reader sees it."""
        return f"{self._name}-{number}"

    def number_of(self, id: str) -> int | None:
        """Return the number behind an id; None where it is another process's, or none."""
        name, _, number = id.partition("-")
        known = name == self._name and number.isascii() and number.isdigit() and len(number) < 19
        return int(number) if known and int(number) <= self.newest else None

    def _tell(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


async def read(ring: Ring, last_id: str | None) -> AsyncIterator[ServerSentEvent]:
    """Yield a greeting, and then what changes. Unless it says `resumed`, a reader asks for all it waits for.

    So it does after `resync`, which comes wherever it is not known what changed.
    """
    number = ring.number_of(last_id) if last_id else None
    if number is not None and ring.after(number) is None:
        number = None
    beginning = "resumed" if number is not None else "reset" if last_id else "new"
    figures.STREAMS_BEGUN.labels(beginning).inc()
    number = ring.newest if number is None else number
    yield _event("hello", {"resumed": beginning == "resumed"}, ring.id_of(number))
    if beginning == "reset":
        yield _event("resync", {}, ring.id_of(number))
    while True:
        await ring.more_than(number)
        found, newest = ring.after(number), ring.newest
        if found is None:
            yield _event("resync", {}, ring.id_of(newest))
        for (kind, id), at in (found or {}).items():
            yield _event(kind, {f"{kind}_id": id}, ring.id_of(at))
        number = newest
        await asyncio.sleep(DEBOUNCE)


def _event(name: str, data: Mapping[str, str | bool], id: str) -> ServerSentEvent:
    figures.EVENTS.labels(name).inc()
    return ServerSentEvent(event=name, data=data, id=id)


class Nudges:
    """One listener per process, for all streams, and for those in this process who want to hear of a kind."""

    def __init__(self, hints: Hints) -> None:
        self._hints = hints
        self._ring = Ring()
        self._tell: dict[str, Callable[[], None]] = {}
        self._listener: asyncio.Task[None] | None = None

    def on(self, kind: str, tell: Callable[[], None]) -> None:
        """Call this whenever something of a kind changed, or may have."""
        self._tell[kind] = tell

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End listening."""
        if self._listener:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)

    async def events(self, last_id: str | None = None) -> AsyncIterator[ServerSentEvent]:
        """Yield the events of a stream, after those that its reader has heard already."""
        with figures.STREAMS.track_inprogress():
            async for event in read(self._ring, last_id):
                yield event

    async def _listen(self) -> None:
        async with self._hints.everything(BACKLOG) as hints:
            while True:
                dropped = hints.full()  # only we make room, so nothing was dropped unless it is full now
                hint = await hints.get()
                if dropped or hint["kind"] == RECONNECTED:
                    self._miss()
                self._hear(hint["kind"], hint["id"])

    def _miss(self) -> None:
        self._ring.miss()
        for tell in self._tell.values():
            tell()

    def _hear(self, kind: str, id: str) -> None:
        if kind in self._tell:
            self._tell[kind]()
        if kind in KINDS:
            self._ring.add(kind, id)

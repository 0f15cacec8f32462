"""Live hints: `something about this id changed`, over Redis. Lost hints cost latency only."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from opsconductor.kit.settings import Settings

log = structlog.get_logger()
CHANNEL = "opsconductor:live"
PAUSE = 1.0  # s between attempts to reach Redis again
PATIENCE = 0.5  # s to publish a hint in; who publishes has something to answer
RECONNECTED = "reconnected"
"""The kind of a hint that nobody published: this process was away, and may have missed others."""


class Hints:
    """One subscription per process, handed on to whoever waits for an id."""

    def __init__(self, settings: Settings) -> None:
        self.redis = Redis.from_url(
            settings.redis_url.get_secret_value(), socket_connect_timeout=2, socket_keepalive=True
        )
        self._waiting: dict[str, dict[asyncio.Event, bool]] = {}
        """Events by id, each with whether it is for the end of what has the id alone."""
        self._all: set[asyncio.Queue[dict[str, str]]] = set()
        self._listener: asyncio.Task[None] | None = None
        self.connected = False
        """Whether this process hears of what is published."""

    def start(self) -> None:
        """Begin to listen; returns at once."""
        self._listener = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End the subscription and the connections."""
        while self._listener and not self._listener.done():
            self._listener.cancel()  # not once only: redis-py loses one that comes while it reconnects
            await asyncio.wait([self._listener], timeout=0.1)
        await self.redis.aclose()

    async def publish(self, kind: str, id: str, *, goes_on: bool = False) -> None:
        """Tell every process that the `kind` with this id changed, and if it is sure that this was not its end.

        Failing is logged, not raised.
        """
        hint = {"kind": kind, "id": id} | ({"goes_on": True} if goes_on else {})
        try:
            async with asyncio.timeout(PATIENCE):
                await self.redis.publish(CHANNEL, orjson.dumps(hint))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("live.not_published", kind=kind, reason=type(error).__name__)

    @asynccontextmanager
    async def watching(self, id: str, *, for_its_end: bool = False) -> AsyncIterator[asyncio.Event]:
        """Yield an event that is set at each hint about this id, or that may be of its end; the watcher clears it."""
        event = asyncio.Event()
        self._waiting.setdefault(id, {})[event] = for_its_end
        try:
            yield event
        finally:
            del self._waiting[id][event]
            if not self._waiting[id]:
                del self._waiting[id]

    @asynccontextmanager
    async def everything(self, size: int = 1000) -> AsyncIterator[asyncio.Queue[dict[str, str]]]:
        """Yield a queue of all hints; when a slow reader lets it fill up, the newest are dropped."""
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue(size)
        self._all.add(queue)
        try:
            yield queue
        finally:
            self._all.discard(queue)

    async def _listen(self) -> None:
        while True:
            try:
                await self._subscription()
            except (RedisError, OSError) as error:
                self.connected = False
                log.warning("live.disconnected", reason=type(error).__name__)
                await asyncio.sleep(PAUSE)

    async def _subscription(self) -> None:
        async with self.redis.pubsub() as subscription:
            await subscription.subscribe(CHANNEL)
            self.connected = True
            self._wake_everyone()  # what changed while we were away
            async for message in subscription.listen():
                if message["type"] == "message":
                    self._hand_on(message["data"])

    def _hand_on(self, data: bytes) -> None:
        try:
            hint = orjson.loads(data)
            id = str(hint["id"])
        except (ValueError, KeyError, TypeError):
            log.warning("live.unreadable_hint")
            return
        for event, for_its_end in self._waiting.get(id, {}).items():
            if not (for_its_end and hint.get("goes_on")):
                event.set()
        self._queue(str(hint.get("kind", "")), id)

    def _queue(self, kind: str, id: str) -> None:
        for queue in self._all:
            if not queue.full():
                queue.put_nowait({"kind": kind, "id": id})

    def _wake_everyone(self) -> None:
        for events in self._waiting.values():
            for event in events:
                event.set()
        self._queue(RECONNECTED, "")

"""How many requests a minute one caller may send: counted in Redis for all bridges together."""

import math
import time

import structlog
from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from redis.asyncio import ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from opsconductor.kit.errors import TooManyRequests
from opsconductor.kit.settings import Settings

log = structlog.get_logger()
PATIENCE = 0.5  # s for Redis; a request must not wait long to be counted
PAUSE = 5.0  # s without asking Redis again once it was away


class RateLimit:
    """Counts requests. While Redis is away, each process counts on its own."""

    def __init__(self, settings: Settings) -> None:
        self._rate = RateLimitItemPerMinute(settings.workflow_rate)
        self._pool = ConnectionPool.from_url(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        storage = RedisStorage(
            "async+redis://",
            wrap_exceptions=True,
            implementation="redispy",
            key_prefix="opsconductor:rate",
            connection_pool=self._pool,  # type: ignore[arg-type]  # documented, but missing in the type
        )
        self._shared = SlidingWindowCounterRateLimiter(storage)
        self._own = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._away_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._pool.aclose()

    async def take(self, *caller: str) -> None:
        """Count a request of this caller; refuse it when there were too many in the last minute."""
        if time.monotonic() >= self._away_until:
            try:
                return await self._take(self._shared, *caller)
            except (StorageError, OSError) as error:
                self._away_until = time.monotonic() + PAUSE
                log.warning("rate.redis_away", reason=str(error.__cause__ or error))
        return await self._take(self._own, *caller)

    async def _take(self, limiter: SlidingWindowCounterRateLimiter, *caller: str) -> None:
        if await limiter.hit(self._rate, *caller):
            return
        stats = await limiter.get_window_stats(self._rate, *caller)
        seconds = max(1, math.ceil(stats.reset_time - time.time()))
        raise TooManyRequests(headers={"Retry-After": str(seconds)})

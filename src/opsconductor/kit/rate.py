"""How many requests a minute somebody may send: token buckets in Redis, for all processes of a service together.

A request counts against several limits at once. One script looks at all of them in a single round trip and takes from
all or from none; a library's limiters ask for each by itself, and again for what is left.
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from prometheus_client import Counter
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from opsconductor.kit.errors import TooManyRequests
from opsconductor.kit.metrics import REGISTRY
from opsconductor.kit.settings import Settings

log = structlog.get_logger()
WINDOW = 60.0  # s in which an empty bucket fills up
PATIENCE = 0.5  # s for Redis; a request must not wait long to be counted
PAUSE = 5.0  # s without asking Redis again once it was away
MOST = 10_000  # buckets of a process's own; full ones are forgotten beyond that
PREFIX = "opsconductor:rate"
TAKE = """
local time = redis.call('TIME')
local now, window = time[1] + time[2] / 1e6, tonumber(ARGV[1])
local full, least = {}, 0
for n, key in ipairs(KEYS) do
  full[n] = math.max(tonumber(redis.call('GET', key) or 0), now) + window / ARGV[n + 1] - now
  least = math.max(least, full[n] - window)
end
for n, key in ipairs(KEYS) do
  if least <= 0 then redis.call('SET', key, string.format('%.6f', now + full[n]), 'PX', math.ceil(full[n] * 1000)) end
  full[n] = string.format('%.6f', full[n])
end
return full
"""
"""Keeps of a bucket when it will be full; returns in how many seconds that would be, were one taken from each."""

REFUSED = Counter(
    "opsconductor_rate_limited_requests",
    "Requests refused with 429, by what there were too many of.",
    ["service", "kind"],
    registry=REGISTRY,
)


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests a minute of one token, flow, user or address; `key` is not to be read by anybody."""

    kind: str
    key: str
    quota: int

    @property
    def policy(self) -> str:
        """Return it as an item of RateLimit-Policy."""
        return f'"{self.kind}";q={self.quota};w={WINDOW:.0f}'


@dataclass(frozen=True, slots=True)
class Standing:
    """What is left of a limit: its bucket would be full in so many seconds, had this request been let through."""

    limit: Limit
    full_in: float

    @property
    def wait(self) -> float:
        """Return the s until there is room for this request; none is left to wait where it is 0 or less."""
        return self.full_in - WINDOW

    @property
    def item(self) -> str:
        """Return it as an item of RateLimit: what remains, and in how many s all of it does."""
        remaining = max(0, math.floor((WINDOW - self.full_in) * self.limit.quota / WINDOW + 1e-6))
        return f'"{self.limit.kind}";r={remaining};t={math.ceil(self.full_in)}'


class RateLimit:
    """Counts requests of one service. While Redis is away, each process counts on its own."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._service = service
        self._redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=PATIENCE,
            socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )
        self._script = self._redis.register_script(TAKE)
        self._own = OwnBuckets()
        self._away_until = 0.0

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def take(self, *limits: Limit) -> dict[str, str]:
        """Count a request, and return the headers that tell what is left; refuse it when there were too many."""
        found = [Standing(*each) for each in zip(limits, await self._full_in(limits), strict=True)]
        headers = {
            "RateLimit-Policy": ", ".join(limit.policy for limit in limits),
            "RateLimit": ", ".join(standing.item for standing in found),
        }
        worst = max(found, key=lambda standing: standing.wait)
        if worst.wait <= 0:
            return headers
        REFUSED.labels(self._service, worst.limit.kind).inc()
        seconds = max(1, math.ceil(worst.wait))
        detail = f"Too many requests of one {worst.limit.kind}; try again in {seconds} s."
        raise TooManyRequests(detail, headers={"Retry-After": str(seconds), **headers})

    async def _full_in(self, limits: Sequence[Limit]) -> list[float]:
        keys = [f"{PREFIX}:{self._service}:{limit.kind}:{limit.key}" for limit in limits]
        quotas = [limit.quota for limit in limits]
        if time.monotonic() >= self._away_until:
            try:
                return [float(each) for each in await self._script(keys, [WINDOW, *quotas])]
            except (RedisError, OSError) as error:
                self._away_until = time.monotonic() + PAUSE
                log.warning("rate.redis_away", reason=type(error).__name__)
        return self._own.take(keys, quotas)


class OwnBuckets:
    """The same buckets in this process alone."""

    def __init__(self) -> None:
        self._full_at: dict[str, float] = {}

    def take(self, keys: Sequence[str], quotas: Sequence[int]) -> list[float]:
        """Take one from each bucket or from none; return in how many s each is full, were one taken."""
        now = time.monotonic()
        full_in = [
            max(self._full_at.get(key, 0.0), now) + WINDOW / quota - now
            for key, quota in zip(keys, quotas, strict=True)
        ]
        if max(full_in) <= WINDOW:
            self._full_at |= {key: now + each for key, each in zip(keys, full_in, strict=True)}
        if len(self._full_at) > MOST:
            self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        return full_in

"""Answers that stay good for a moment, so that a burst of equal questions is asked once."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

from opsconductor.bridge import figures

T = TypeVar("T")

MOST = 500  # answers kept at once; the oldest go first


class Recent(Generic[T]):
    """Answers by key, each for some seconds after it was asked for. Failures are not kept."""

    def __init__(self, name: str, seconds: float | Callable[[], float], most: int = MOST) -> None:
        self._name, self._most = name, most
        self._seconds = seconds if callable(seconds) else lambda: seconds
        self._found: dict[str, tuple[float, asyncio.Future[T]]] = {}

    async def get(self, key: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer for this key; ask where there is none, or wait for who asks already."""
        self._forget_old()
        known = key in self._found
        figures.CACHE.labels(self._name, "hit" if known else "miss").inc()
        if not known:
            task = asyncio.create_task(ask())
            self._found[key] = (time.monotonic(), task)
            task.add_done_callback(partial(self._forget_failed, key))
        return await asyncio.shield(self._found[key][1])  # others may wait for it when this caller goes away

    def forget(self) -> None:
        """Forget everything, what is being asked for right now as well: it may have been looked up before."""
        self._found.clear()
        figures.INVALIDATIONS.labels(self._name).inc()

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self._seconds()
        for key, (asked_at, _) in list(self._found.items()):  # in the order of asking
            if asked_at > oldest and len(self._found) < self._most:
                return
            del self._found[key]

    def _forget_failed(self, key: str, task: asyncio.Future[T]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and key in self._found and self._found[key][1] is task:
            del self._found[key]

"""Answers that stay good for a moment, so that a burst of equal questions is asked once."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MOST = 500  # answers kept at once; the oldest go first


class Recent(Generic[T]):
    """Answers by key, each for some seconds after it was asked for. Failures are not kept."""

    def __init__(self, seconds: float, most: int = MOST) -> None:
        self._seconds, self._most = seconds, most
        self._found: dict[str, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, key: str, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the answer for this key; ask where there is none, or wait for who asks already."""
        self._forget_old()
        if key not in self._found:
            task = asyncio.create_task(ask())
            self._found[key] = (time.monotonic() + self._seconds, task)
            task.add_done_callback(partial(self._forget_failed, key))
        return await asyncio.shield(self._found[key][1])  # others may wait for it when this caller goes away

    def _forget_old(self) -> None:
        now = time.monotonic()
        for key, (good_until, _) in list(self._found.items()):  # in the order of asking
            if good_until > now and len(self._found) < self._most:
                return
            del self._found[key]

    def _forget_failed(self, key: str, task: asyncio.Task[T]) -> None:
        failed = task.cancelled() or task.exception() is not None
        if failed and key in self._found and self._found[key][1] is task:
            del self._found[key]

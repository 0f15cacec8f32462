"""Group commit: what is asked for while one write is under way goes into the next, all at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Item, Answer]):
    """Batches without waiting: an idle writer writes at once, a busy one gathers (no timer, no added latency)."""

    def __init__(self, write: Callable[[list[Item]], Awaitable[list[Answer]]], *, largest: int = 500) -> None:
        """`write` stores items in one transaction and returns an answer for each, in order."""
        self._write = write
        self._largest = largest
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Answer:
        """Store one item together with the others of the moment; return its answer once it is durable."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._drain())
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[: self._largest], self._waiting[self._largest :]
            try:
                answers = await self._write([item for item, _ in batch])
            except Exception as error:  # noqa: BLE001  # door: everyone who waits is told
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
            else:
                for (_, future), answer in zip(batch, answers, strict=True):
                    if not future.done():
                        future.set_result(answer)

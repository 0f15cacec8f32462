"""Following an execution: waiting for its end, and streaming what changes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi.sse import ServerSentEvent
from sqlalchemy import Row

from opsconductor.contracts.statuses import TERMINAL
from opsconductor.executions import repository
from opsconductor.executions.errors import ExecutionNotFound
from opsconductor.executions.models import ExecutionResult
from opsconductor.executions.schemas import ExecutionOut
from opsconductor.executions.views import execution_out, results_out
from opsconductor.kit.clock import now
from opsconductor.kit.database import Sessions
from opsconductor.kit.live import Hints
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.storage.folder import Folder

TICK = 1.0  # s; how late a change is noticed when Redis is away
QUIET = 0.2  # s between two looks at an execution that changes all the time
SHOWN_LIVE = 4096  # bytes of each output in an event; lists have more
KEEP_ALIVE = 15.0  # s without an event


Told = tuple[str, int]
"""What makes a result news: its status, and how many of its actions have begun."""


@dataclass(frozen=True)
class Lookout:
    """What is needed to look at executions again and again."""

    units: UnitsOfWork
    reads: Sessions
    """For what needs no transaction."""
    hints: Hints
    folder: Folder

    async def look(self, execution_id: UUID) -> ExecutionOut:
        """Return an execution as it is now."""
        async with self.reads() as session:
            found = await repository.execution_with_counts(session, execution_id)
        if found is None:
            raise ExecutionNotFound
        return execution_out(*found)

    async def results_for_flows(
        self, execution_id: UUID, target_ids: Sequence[UUID] | None = None, *, output: bool = True
    ) -> "Seen":
        """Return an execution and its results, or those of some targets, as they are now."""
        async with self.reads() as session:
            rows = await repository.results_for_flows(session, execution_id, target_ids, output=output)
        if not rows:
            raise ExecutionNotFound
        return Seen(rows[0], [row for row in rows if row.target_id is not None])

    async def until_ended(self, execution_id: UUID, seconds: float) -> ExecutionOut:
        """Return an execution once it has ended, or as it is after some seconds."""
        deadline = time.monotonic() + seconds
        async with self.hints.watching(str(execution_id), for_its_end=True) as changed:
            while True:
                changed.clear()
                found = await self.look(execution_id)
                left = deadline - time.monotonic()
                if found.status in TERMINAL or left <= 0:
                    return found
                await _wait(changed, min(TICK, left))

    async def events(self, execution_id: UUID) -> AsyncIterator[ServerSentEvent]:
        """Yield a snapshot of the execution, then each result and each change, last the ended execution."""
        seen: dict[UUID, Told] = {}
        since = datetime(2000, 1, 1, tzinfo=UTC)
        async with self.hints.watching(str(execution_id)) as changed:
            shown = await self.look(execution_id)
            yield ServerSentEvent(event="snapshot", data=shown)
            quiet_since = time.monotonic()
            while True:
                changed.clear()
                look_at = now()
                found = await self.look(execution_id)  # before its results: once it has ended, all are there
                async for event in self._changed_results(execution_id, since, seen):
                    yield event
                    quiet_since = time.monotonic()
                since = look_at
                if found != shown or found.status in TERMINAL:
                    yield ServerSentEvent(event="execution", data=found)
                    shown, quiet_since = found, time.monotonic()
                if found.status in TERMINAL:
                    return
                if time.monotonic() - quiet_since > KEEP_ALIVE:
                    yield ServerSentEvent(comment="still here")
                    quiet_since = time.monotonic()
                await asyncio.sleep(QUIET)
                await _wait(changed, TICK)

    async def _changed_results(
        self, execution_id: UUID, since: datetime, seen: dict[UUID, Told]
    ) -> AsyncIterator[ServerSentEvent]:
        async with self.reads() as session:
            rows = await repository.results_changed_since(session, execution_id, since)
        news = [row for row in rows if seen.get(row.id) != _told(row)]
        for row in news:
            seen[row.id] = _told(row)
        for result in await results_out(news, self.folder, shown=SHOWN_LIVE):
            yield ServerSentEvent(event="result", data=result)


@dataclass(frozen=True, slots=True)
class Seen:
    """An execution and results of it at one moment."""

    execution: Row[Any]
    """With `execution_status`, `target_count` and `execution_seconds`, which is None until it has ended."""
    results: Sequence[Row[Any]]

    @property
    def counts(self) -> dict[str, int]:
        """Return how many of the results have each status."""
        return Counter(row.status for row in self.results)


def _told(row: ExecutionResult) -> Told:
    return row.status, len(row.steps)


async def _wait(changed: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except TimeoutError:
        return

"""Keeping the figure of the chain's head up to date while a process runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from opsconductor.audit import chain_repository as repository
from opsconductor.audit.figures import HEAD_POSITION
from opsconductor.kit.database import Sessions

log = structlog.get_logger()

EVERY = 15.0  # s, as often as figures are usually collected


@contextlib.asynccontextmanager
async def at_work(sessions: Sessions) -> AsyncIterator[None]:
    """Look at the head again and again, until the end of the block."""
    task = asyncio.create_task(_follow(sessions))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _follow(sessions: Sessions) -> None:
    while True:
        try:
            async with sessions() as session:
                head = await repository.head(session)
        except (DBAPIError, PoolTimeout, OSError) as error:
            log.warning("audit.head_not_read", reason=type(error).__name__)
        else:
            if head:
                HEAD_POSITION.set(head.position)
        await asyncio.sleep(EVERY)

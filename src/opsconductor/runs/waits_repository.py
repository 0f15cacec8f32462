"""The questions of waits to the database."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.waits import WaitIn
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.runs.models import WorkflowWait as Wait


async def keep(session: AsyncSession, wait_id: UUID, wanted: WaitIn) -> None:
    """Write a wait down, or what is new of one that is known."""
    row = insert(Wait).values(id=wait_id, **wanted.model_dump(exclude={"follows"}))
    new = {"state": row.excluded.state, "updated_at": func.now()}
    await session.execute(row.on_conflict_do_update(index_elements=["id"], set_=new))


async def of_node(session: AsyncSession, node_id: str, most: int, cursor: str | None) -> Rows:
    query = select(Wait).where(Wait.node_id == node_id)
    return await page_of(session, query, [Order(Wait.created_at), Order(Wait.id)], most, cursor)


async def claim(session: AsyncSession, wait_id: UUID, seconds: float) -> bool:
    """Take a wait that nobody has; by the clock of the database."""
    free = or_(Wait.claimed_until.is_(None), Wait.claimed_until < func.now())
    taken = update(Wait).where(Wait.id == wait_id, free)
    taken = taken.values(claimed_until=func.now() + timedelta(seconds=seconds))
    return await session.scalar(taken.returning(Wait.id)) is not None


async def exists(session: AsyncSession, wait_id: UUID) -> bool:
    return await session.scalar(select(Wait.id).where(Wait.id == wait_id)) is not None


async def forget(session: AsyncSession, wait_id: UUID) -> None:
    await session.execute(delete(Wait).where(Wait.id == wait_id))


async def forget_of_node(session: AsyncSession, node_id: str) -> None:
    await session.execute(delete(Wait).where(Wait.node_id == node_id))


async def forget_untouched(session: AsyncSession, before: datetime) -> None:
    await session.execute(delete(Wait).where(Wait.updated_at < before))

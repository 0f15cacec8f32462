"""The outbox: messages written down in the transaction, sent after it."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Delete, delete, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.sql import func, text

from opsconductor.kit.database import Base, CreatedAt, Id, one_of


class OutgoingMessage(Base):
    """A message that some process still has to be told; gone once it was sent."""

    __tablename__ = "outgoing_messages"

    id: Mapped[Id]
    topic: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[CreatedAt]


async def unsent(
    session: AsyncSession, *, older_than_seconds: float, limit: int = 500
) -> list[OutgoingMessage]:
    """Return messages whose sender seems to have died, each seen by one relay only."""
    age = func.now() - text("make_interval(secs => :age)").bindparams(age=older_than_seconds)
    query = select(OutgoingMessage).where(OutgoingMessage.created_at < age).order_by(OutgoingMessage.id)
    return list(await session.scalars(query.limit(limit).with_for_update(skip_locked=True)))


async def forget(session: AsyncSession, ids: list[UUID]) -> None:
    """Delete messages that were sent."""
    await session.execute(_forgetting(), {"ids": ids}, execution_options={"synchronize_session": False})


@cache
def _forgetting() -> Delete:
    return delete(OutgoingMessage).where(one_of(OutgoingMessage.id, "ids"))

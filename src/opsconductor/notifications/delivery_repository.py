"""What deliveries ask of the database: the protocol between those who send."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from opsconductor.kit.ids import new_id
from opsconductor.notifications.models import Notification
from opsconductor.notifications.models import NotificationDelivery as D

HELD = 60  # s; longer than any attempt takes


async def taken_lately(session: AsyncSession, channel_id: UUID) -> int:
    """Return how many notifications a channel took in the last minute."""
    recent = D.created_at > func.now() - text("interval '1 minute'")
    query = select(func.count()).where(D.channel_id == channel_id, recent, D.status != "dropped")
    return await session.scalar(query) or 0


async def deliveries(session: AsyncSession, notification_ids: Sequence[UUID]) -> Sequence[D]:
    """Return what became of notifications, by the names of channels."""
    query = select(D).where(D.notification_id.in_(notification_ids)).order_by(D.channel_name, D.id)
    return (await session.scalars(query)).all()


def of_channel(channel_id: UUID, status: str | None) -> Select[Any]:
    query = select(D).where(D.channel_id == channel_id)
    return query.where(D.status == status) if status else query


async def newest_of(session: AsyncSession, channel_ids: Sequence[UUID]) -> dict[UUID, D]:
    """Return the newest delivery of each channel that has one."""
    query = select(D).ext(distinct_on(D.channel_id)).where(D.channel_id.in_(channel_ids))
    rows = await session.scalars(query.order_by(D.channel_id, D.created_at.desc(), D.id.desc()))
    return {row.channel_id: row for row in rows if row.channel_id}


async def titles(session: AsyncSession, notification_ids: Sequence[UUID]) -> dict[UUID, str]:
    query = select(Notification.id, Notification.title).where(Notification.id.in_(notification_ids))
    return {row.id: row.title for row in await session.execute(query)}


async def end_of_channel(session: AsyncSession, channel_id: UUID, code: str, message: str) -> None:
    """Fail what a channel that goes away has not sent yet."""
    waiting = (D.channel_id == channel_id) & (D.status == "pending")
    await session.execute(update(D).where(waiting).values(_ended("failed", code, message)))


async def claim(session: AsyncSession, busy: Sequence[UUID], limit: int, per_channel: int) -> Sequence[D]:
    """Take deliveries that are due, a few of each channel, so that none of them waits for one that hangs."""
    due = _due(busy)
    place = (
        func.row_number().over(partition_by=D.channel_id, order_by=(D.next_attempt_at, D.id)).label("place")
    )
    ranked = select(D.id, place).where(due).subquery()
    first = select(ranked.c.id).where(ranked.c.place <= per_channel)
    # `due` once more: what another sender took in between is looked at again once its row is free
    mine = select(D.id).where(D.id.in_(first), due).order_by(D.next_attempt_at).limit(limit)
    taken = (
        update(D)
        .where(D.id.in_(mine.with_for_update(skip_locked=True)))
        .values(claim=new_id(), claimed_until=_in_seconds(HELD), attempts=D.attempts + 1)
        .returning(D)
    )
    return (await session.scalars(taken)).all()


async def settle(session: AsyncSession, mine: D, status: str, error: tuple[str, str] | None = None) -> bool:
    """Write down how an attempt ended; False where the claim had ended and another one has it."""
    code, message = error or (None, None)
    return await _held(session, mine, _ended(status, code, message))


async def postpone(session: AsyncSession, mine: D, seconds: float, error: tuple[str, str]) -> bool:
    """Give a delivery back, to be tried again later."""
    code, message = error
    again = {"next_attempt_at": _in_seconds(seconds), "error_code": code, "error_message": message}
    return await _held(session, mine, {**again, "claim": None, "claimed_until": None})


async def _held(session: AsyncSession, mine: D, values: dict[str, Any]) -> bool:
    still_mine = (D.id == mine.id) & (D.claim == mine.claim)
    return await session.scalar(update(D).where(still_mine).values(values).returning(D.id)) is not None


def _due(busy: Sequence[UUID]) -> ColumnElement[bool]:
    free = or_(D.claimed_until.is_(None), D.claimed_until < func.now())
    return and_(D.status == "pending", D.next_attempt_at <= func.now(), free, D.channel_id.not_in(busy))


def _ended(status: str, code: str | None, message: str | None) -> dict[str, Any]:
    none = {"claim": None, "claimed_until": None, "next_attempt_at": None}
    return {**none, "status": status, "error_code": code, "error_message": message, "finished_at": func.now()}


def _in_seconds(seconds: float) -> Any:
    return func.now() + text("make_interval(secs => :seconds)").bindparams(seconds=seconds)

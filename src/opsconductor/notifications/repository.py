"""The notifications domain's questions to the database (deliveries: delivery_repository)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, delete, exists, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.notifications.models import Notification, NotificationChannel, NotificationRead

BATCH = 500  # notifications deleted in one transaction
DELETING = 7_311_009  # one process at a time


async def channel(
    session: AsyncSession, channel_id: UUID, *, lock: bool = False
) -> NotificationChannel | None:
    query = select(NotificationChannel).where(NotificationChannel.id == channel_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def channels_by_id(
    session: AsyncSession, ids: Sequence[UUID], *, lock: bool = False
) -> dict[UUID, NotificationChannel]:
    """Return channels; locked in one order, so that two notifications never wait for each other."""
    query = (
        select(NotificationChannel).where(NotificationChannel.id.in_(ids)).order_by(NotificationChannel.id)
    )
    rows = await session.scalars(query.with_for_update() if lock else query)
    return {row.id: row for row in rows}


async def all_channels(session: AsyncSession) -> Sequence[NotificationChannel]:
    return (
        await session.scalars(select(NotificationChannel).order_by(func.lower(NotificationChannel.name)))
    ).all()


def channels_like(text: str | None) -> Select[Any]:
    query = select(NotificationChannel)
    return query.where(NotificationChannel.name.icontains(text, autoescape=True)) if text else query


async def name_is_taken(session: AsyncSession, name: str, *, except_id: UUID | None = None) -> bool:
    same = func.lower(NotificationChannel.name) == name.lower()
    query = select(
        exists().where(same if except_id is None else same & (NotificationChannel.id != except_id))
    )
    return bool(await session.scalar(query))


async def notification(session: AsyncSession, notification_id: UUID) -> Notification | None:
    return await session.get(Notification, notification_id)


async def notifications_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Notification]:
    rows = await session.scalars(select(Notification).where(Notification.id.in_(ids)))
    return {row.id: row for row in rows}


async def notification_with_key(session: AsyncSession, owner: str, key: str) -> Notification | None:
    query = select(Notification).where(Notification.owner == owner, Notification.idempotency_key == key)
    return await session.scalar(query)


async def lock_key(session: AsyncSession, owner: str, key: str) -> None:
    """Let one request at a time ask whether this key is known, until the end of its transaction."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{owner}|{key}", 0))))


def in_app(
    user_id: UUID, severities: Sequence[str], search: str | None, *, unread: bool | None
) -> Select[Any]:
    """Return the query for what the web app lists to somebody."""
    query = select(Notification).where(Notification.in_app)
    if severities:
        query = query.where(Notification.severity.in_(severities))
    if search:
        query = query.where(
            Notification.title.icontains(search, autoescape=True)
            | Notification.body.icontains(search, autoescape=True)
        )
    if unread is not None:
        read = _read_by(user_id)
        query = query.where(~read if unread else read)
    return query


async def unread_count(session: AsyncSession, user_id: UUID) -> int:
    query = select(func.count()).where(Notification.in_app, ~_read_by(user_id))
    return await session.scalar(query) or 0


async def read_ones(session: AsyncSession, user_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Return which of these notifications somebody has read."""
    query = select(NotificationRead.notification_id).where(
        NotificationRead.user_id == user_id, NotificationRead.notification_id.in_(ids)
    )
    return set(await session.scalars(query))


async def mark_read(session: AsyncSession, user_id: UUID, ids: Sequence[UUID] | None) -> None:
    """Note that somebody has read these notifications, or all there are."""
    chosen = select(literal(user_id), Notification.id).where(Notification.in_app)
    if ids is not None:
        chosen = chosen.where(Notification.id.in_(ids))
    wanted = insert(NotificationRead).from_select(["user_id", "notification_id"], chosen)
    await session.execute(wanted.on_conflict_do_nothing())


def _read_by(user_id: UUID) -> Any:
    return exists().where(
        and_(NotificationRead.user_id == user_id, NotificationRead.notification_id == Notification.id)
    )


async def take_turn(session: AsyncSession) -> bool:
    """Tell whether nobody else deletes old notifications now."""
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(DELETING))))


async def delete_older(session: AsyncSession, days: int) -> int:
    """Delete a batch of what is older than some days, with deliveries and who read it; return how many."""
    age = func.now() - text("make_interval(days => :days)").bindparams(days=days)
    old = select(Notification.id).where(Notification.created_at < age).order_by(Notification.id).limit(BATCH)
    gone = await session.scalars(
        delete(Notification).where(Notification.id.in_(old)).returning(Notification.id)
    )
    return len(gone.all())

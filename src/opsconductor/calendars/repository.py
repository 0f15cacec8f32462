"""The calendars domain's questions to the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from opsconductor.calendars.models import Calendar


async def calendar(session: AsyncSession, calendar_id: UUID, *, lock: bool = False) -> Calendar | None:
    query = _whole().where(Calendar.id == calendar_id)
    found: Calendar | None = await session.scalar(query.with_for_update() if lock else query)
    return found


async def name_is_taken(session: AsyncSession, name: str, *, except_id: UUID | None = None) -> bool:
    same = func.lower(Calendar.name) == func.lower(name)
    query = select(exists().where(same if except_id is None else same & (Calendar.id != except_id)))
    return bool(await session.scalar(query))


def matching(text: str | None) -> Select[Any]:
    query = _whole()
    if text:
        query = query.where(
            Calendar.name.icontains(text, autoescape=True)
            | Calendar.description.icontains(text, autoescape=True)
        )
    return query


async def in_force(session: AsyncSession) -> list[Calendar]:
    """Return the calendars that are switched on, by name."""
    return list(await session.scalars(_whole().where(Calendar.enabled).order_by(Calendar.name)))


def any_in_force() -> ColumnElement[bool]:
    """Whether a calendar is switched on, to be asked along with something else."""
    return exists().where(Calendar.enabled)


def _whole() -> Select[Any]:
    return select(Calendar).options(selectinload(Calendar.picked))

"""The files domain's questions to the database."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.files.models import File


async def file(session: AsyncSession, file_id: UUID, *, lock: bool = False) -> File | None:
    query = select(File).where(File.id == file_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def file_with_key(session: AsyncSession, user_id: UUID, key: str) -> File | None:
    return await session.scalar(select(File).where(File.created_by == user_id, File.idempotency_key == key))


async def lock_key(session: AsyncSession, user_id: UUID, key: str) -> None:
    """Let one upload at a time ask whether this key is known, until the end of its transaction."""
    await session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"{user_id}|{key}", 1))))


async def names_of(session: AsyncSession, file_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return the names of those that are there."""
    rows = await session.execute(select(File.id, File.name).where(File.id.in_(file_ids)))
    return {row.id: row.name for row in rows}


def files_like(text: str | None, purpose: str | None, execution_id: UUID | None) -> Select[Any]:
    query = select(File)
    if text:
        query = query.where(File.name.icontains(text, autoescape=True))
    if purpose:
        query = query.where(File.purpose == purpose)
    if execution_id:
        query = query.where(File.execution_id == execution_id)
    return query

"""The files domain's questions to the database."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.files.models import File


async def file(session: AsyncSession, file_id: UUID, *, lock: bool = False) -> File | None:
    query = select(File).where(File.id == file_id)
    return await session.scalar(query.with_for_update() if lock else query)


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

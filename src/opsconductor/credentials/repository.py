"""The credentials domain's questions to the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.credentials.models import Credential


async def credential(session: AsyncSession, credential_id: UUID, *, lock: bool = False) -> Credential | None:
    query = select(Credential).where(Credential.id == credential_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def credentials_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Credential]:
    rows = await session.scalars(select(Credential).where(Credential.id.in_(ids)))
    return {row.id: row for row in rows}


async def name_is_taken(session: AsyncSession, name: str, *, except_id: UUID | None = None) -> bool:
    same = func.lower(Credential.name) == name.lower()
    query = select(exists().where(same if except_id is None else same & (Credential.id != except_id)))
    return bool(await session.scalar(query))


def credentials_like(text: str | None) -> Select[Any]:
    query = select(Credential)
    if text:
        query = query.where(
            Credential.name.icontains(text, autoescape=True)
            | Credential.username.icontains(text, autoescape=True)
        )
    return query

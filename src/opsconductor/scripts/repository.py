"""The scripts domain's questions to the database."""

from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from opsconductor.scripts.models import Script, ScriptVersion
from opsconductor.scripts.schemas import ScriptFilter


async def script(session: AsyncSession, script_id: UUID, *, lock: bool = False) -> Script | None:
    query = select(Script).where(Script.id == script_id)
    return await session.scalar(query.with_for_update() if lock else query)


async def version(session: AsyncSession, script_id: UUID, number: int) -> ScriptVersion | None:
    mine = (ScriptVersion.script_id == script_id) & (ScriptVersion.version == number)
    return await session.scalar(select(ScriptVersion).where(mine))


async def name_is_taken(session: AsyncSession, name: str, *, except_id: UUID | None = None) -> bool:
    same = func.lower(Script.name) == func.lower(name)
    query = select(exists().where(same if except_id is None else same & (Script.id != except_id)))
    return bool(await session.scalar(query))


def matching(wanted: ScriptFilter) -> Select[Any]:
    query = select(Script).options(defer(Script.content, raiseload=True))
    if wanted.tag is not None:
        query = query.where(Script.tags.contains([wanted.tag]))
    if wanted.os_type is not None:
        query = query.where(Script.os_types.contains([wanted.os_type]))
    if wanted.q:
        query = query.where(
            Script.name.icontains(wanted.q, autoescape=True)
            | Script.description.icontains(wanted.q, autoescape=True)
        )
    return query


def versions(script_id: UUID) -> Select[Any]:
    query = select(ScriptVersion).options(defer(ScriptVersion.content, raiseload=True))
    return query.where(ScriptVersion.script_id == script_id)

"""The targets domain's questions to the database."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, exists, func, literal, select, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from opsconductor.targets.models import Target
from opsconductor.targets.schemas import TargetFilter


async def target(session: AsyncSession, target_id: UUID, *, lock: bool = False) -> Target | None:
    query = _whole().where(Target.id == target_id)
    return await session.scalar(query.with_for_update(of=Target) if lock else query)


async def targets_by_id(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, Target]:
    rows = await session.scalars(_whole().where(Target.id.in_(ids)))
    return {row.id: row for row in rows}


async def all_matching(session: AsyncSession, wanted: TargetFilter) -> list[Target]:
    return list(await session.scalars(matching(wanted).order_by(Target.name, Target.id)))


async def name_is_taken(session: AsyncSession, name: str, *, except_id: UUID | None = None) -> bool:
    same = func.lower(Target.name) == name.lower()
    query = select(exists().where(same if except_id is None else same & (Target.id != except_id)))
    return bool(await session.scalar(query))


def matching(wanted: TargetFilter) -> Select[Any]:
    query = _whole()
    for name in ("os_type", "environment", "status"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(Target, name) == value)
    if wanted.tag is not None:
        query = query.where(Target.tags.contains([wanted.tag]))
    if wanted.q:
        query = query.where(
            Target.name.icontains(wanted.q, autoescape=True)
            | Target.host.icontains(wanted.q, autoescape=True)
            | Target.description.icontains(wanted.q, autoescape=True)
        )
    return query


def _whole() -> Select[Target]:
    return select(Target).options(joinedload(Target.credential))


async def facets(session: AsyncSession) -> list[tuple[str, str, int]]:
    """Return (facet, value, count) for every value in use."""
    columns = {"os_type": Target.os_type, "environment": Target.environment, "status": Target.status}
    parts = [select(literal(name), column, func.count()).group_by(column) for name, column in columns.items()]
    tag = func.unnest(Target.tags).label("tag")
    tags = select(tag).subquery()
    parts.append(select(literal("tag"), tags.c.tag, func.count()).group_by(tags.c.tag))
    rows = await session.execute(union_all(*parts))
    return sorted((row[0], row[1], row[2]) for row in rows)


async def uses_of_credentials(session: AsyncSession, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many targets sign in with each of these credentials."""
    query = select(Target.credential_id, func.count()).where(Target.credential_id.in_(ids))
    rows = await session.execute(query.group_by(Target.credential_id))
    return {credential_id: count for credential_id, count in rows if credential_id is not None}


async def pin_first_key(session: AsyncSession, target_id: UUID, key: str) -> str | None:
    """Pin the key a target showed first; return the key that is pinned now (another's, if that one was faster)."""
    first = (Target.id == target_id) & Target.host_key.is_(None)
    values = {"host_key": key, "host_key_pinned_at": func.now(), "offered_host_key": None}
    await session.execute(update(Target).where(first).values(values))
    return await session.scalar(select(Target.host_key).where(Target.id == target_id))


async def keep_offered_key(session: AsyncSession, target_id: UUID, key: str) -> None:
    """Remember a key that was refused, so that a person can compare and approve it."""
    mine = update(Target).where(Target.id == target_id)
    await session.execute(mine.values(offered_host_key=key))

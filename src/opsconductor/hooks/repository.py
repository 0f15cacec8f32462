"""The hooks domain's questions to the database."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from opsconductor.hooks.models import Hook, HookDelivery, HookSecret
from opsconductor.kit.ids import new_id


async def hook_at(session: AsyncSession, method: str, path: str) -> tuple[Hook, list[HookSecret]] | None:
    """Return a hook and its good secrets, newest first, in one question: it is asked at every request."""
    rows = (await session.execute(_with_good_secrets(), {"method": method, "path": path})).all()
    return (rows[0][0], [secret for _, secret in rows if secret is not None]) if rows else None


@cache
def _with_good_secrets() -> Select[Hook, HookSecret]:
    query = select(Hook, HookSecret).outerjoin(HookSecret, (HookSecret.hook_id == Hook.id) & _is_good())
    at = (Hook.method == bindparam("method")) & (Hook.path == bindparam("path"))
    return query.where(at).order_by(HookSecret.id.desc())


async def note(session: AsyncSession, method: str, path: str) -> None:
    """Write down a hook that Node-RED serves, where it is not known yet."""
    row = insert(Hook).values(id=new_id(), method=method, path=path, node_name="", served=True)
    await session.execute(row.on_conflict_do_nothing(index_elements=["method", "path"]))


async def hook(session: AsyncSession, hook_id: UUID, *, lock: bool = False) -> Hook | None:
    query = hooks().where(Hook.id == hook_id)
    found: Hook | None = await session.scalar(query.with_for_update(of=Hook) if lock else query)
    return found


def hooks() -> Select[Any]:
    """Return all hooks, with whom their flows run as."""
    return select(Hook).options(joinedload(Hook.user))


async def all_hooks(session: AsyncSession) -> list[Hook]:
    return list(await session.scalars(select(Hook).with_for_update()))


def _is_good() -> ColumnElement[bool]:
    return HookSecret.ends_at.is_(None) | (HookSecret.ends_at > func.now())


async def good_secrets(session: AsyncSession, hook_id: UUID) -> list[HookSecret]:
    query = select(HookSecret).where(HookSecret.hook_id == hook_id, _is_good())
    return list(await session.scalars(query.order_by(HookSecret.id.desc())))


async def secrets(session: AsyncSession, hook_id: UUID) -> list[HookSecret]:
    query = select(HookSecret).where(HookSecret.hook_id == hook_id)
    return list(await session.scalars(query.order_by(HookSecret.id.desc())))


async def counts_of_good_secrets(session: AsyncSession, hook_ids: Sequence[UUID]) -> dict[UUID, int]:
    query = select(HookSecret.hook_id, func.count().label("good")).where(
        HookSecret.hook_id.in_(hook_ids), _is_good()
    )
    rows = await session.execute(query.group_by(HookSecret.hook_id))
    return {row.hook_id: row.good for row in rows}


async def remember(
    session: AsyncSession, hook_id: UUID, digests: Sequence[bytes], expires_at: datetime
) -> bool:
    """Remember a signed request by these digests; tell whether none of them was there before."""
    rows = [{"hook_id": hook_id, "digest": each, "expires_at": expires_at} for each in sorted(digests)]
    kept = insert(HookDelivery).values(rows).on_conflict_do_nothing().returning(HookDelivery.digest)
    return len((await session.scalars(kept)).all()) == len(rows)


async def sweep(session: AsyncSession, ended_before: datetime) -> int:
    """Delete remembered requests that have expired, and secrets that ended before an instant; return how many."""
    gone = 0
    for statement in (
        delete(HookDelivery).where(HookDelivery.expires_at < func.now()),
        delete(HookSecret).where(HookSecret.ends_at < ended_before),
    ):
        gone += (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # CursorResult
    return gone

"""The auth domain's questions to the database."""

from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from opsconductor.auth.models import Session, SignInFailures, User, WorkflowToken

SETUP_LOCK = 7_311_001  # any number nobody else locks: two set-ups at once must not make two administrators


async def administrator_exists(session: AsyncSession) -> bool:
    """Tell whether somebody can administrate this installation by signing in."""
    able = User.is_active & (User.role == "administrator") & User.password_hash.is_not(None)
    return bool(await session.scalar(select(exists().where(able))))


async def other_administrator_exists(session: AsyncSession, user_id: UUID) -> bool:
    able = User.is_active & (User.role == "administrator") & User.password_hash.is_not(None)
    return bool(await session.scalar(select(exists().where(able, User.id != user_id))))


async def lock_setup(session: AsyncSession) -> None:
    """Let one set-up at a time through, until its transaction ends."""
    await session.execute(select(func.pg_advisory_xact_lock(SETUP_LOCK)))


async def user_named(session: AsyncSession, username: str) -> User | None:
    return await session.scalar(select(User).where(func.lower(User.username) == username.lower()))


async def user(session: AsyncSession, user_id: UUID, *, lock: bool = False) -> User | None:
    query = select(User).where(User.id == user_id)
    return await session.scalar(query.with_for_update() if lock else query)


def users() -> Select[Any]:
    return select(User)


async def open_session(session: AsyncSession, token_hash: bytes) -> Session | None:
    """Return the live session with this token, with its user, if both are still good."""
    return await session.scalar(_live_sessions("token_hash"), {"wanted": token_hash})


async def open_session_by_id(session: AsyncSession, session_id: UUID) -> Session | None:
    return await session.scalar(_live_sessions("id"), {"wanted": session_id})


@cache
def _live_sessions(by: str) -> Select[Session]:
    query = select(Session).join(Session.user).options(joinedload(Session.user, innerjoin=True))
    query = query.where(Session.revoked_at.is_(None), Session.expires_at > func.now(), User.is_active)
    return query.where(getattr(Session, by) == bindparam("wanted"))


async def revoke_sessions_of(session: AsyncSession, user_id: UUID) -> None:
    mine = (Session.user_id == user_id) & Session.revoked_at.is_(None)
    await session.execute(update(Session).where(mine).values(revoked_at=func.now()))


async def failures(session: AsyncSession, key: bytes) -> tuple[int, float]:
    """Return how often this account was refused from this address, and the seconds since the last time."""
    age = func.extract("epoch", func.now() - SignInFailures.last_at)
    query = select(SignInFailures.failures, age).where(SignInFailures.key == key)
    found = (await session.execute(query)).one_or_none()
    return (found[0], float(found[1])) if found else (0, 0.0)


async def lock_sign_in(session: AsyncSession, key: bytes) -> None:
    """Let one sign-in of an account and address at a time through: guesses sent at once are counted one by one."""
    number = int.from_bytes(key[:8], signed=True)
    await session.execute(select(func.pg_advisory_xact_lock(number)))


async def count_failure(session: AsyncSession, key: bytes) -> None:
    wanted = insert(SignInFailures).values(key=key, failures=1)
    again = {"failures": SignInFailures.failures + 1, "last_at": func.now()}
    await session.execute(wanted.on_conflict_do_update(index_elements=["key"], set_=again))


async def forget_failures(session: AsyncSession, key: bytes) -> None:
    await session.execute(delete(SignInFailures).where(SignInFailures.key == key))


async def sweep(session: AsyncSession, before: datetime) -> int:
    """Delete sessions, tokens and failures that ended before an instant; return how many."""
    gone = 0
    for statement in (
        delete(Session).where(Session.expires_at < before),
        delete(WorkflowToken).where(WorkflowToken.expires_at < before),
        delete(SignInFailures).where(SignInFailures.last_at < before),
    ):
        gone += (await session.execute(statement)).rowcount  # type: ignore[attr-defined]  # CursorResult
    return gone

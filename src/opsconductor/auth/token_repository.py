"""What is asked of the table of workflow tokens."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from opsconductor.auth.models import TokenState, User, WorkflowToken

_REVOKED = WorkflowToken.revoked_at.is_not(None)
_OVER = WorkflowToken.expires_at <= func.now()
IN_STATE: dict[TokenState, ColumnElement[bool]] = {
    "active": ~_REVOKED & ~_OVER,
    "expired": ~_REVOKED & _OVER,
    "revoked": _REVOKED,
}
"""As `WorkflowToken.state` has them."""


def workflow_tokens() -> Select[Any]:
    """Return all tokens, with their owners."""
    return select(WorkflowToken).options(joinedload(WorkflowToken.user, innerjoin=True))


async def live_workflow_token(session: AsyncSession, token_hash: bytes) -> WorkflowToken | None:
    """Return the token with this hash if it is still good, and so is its owner."""
    good = IN_STATE["active"] & WorkflowToken.is_active & User.is_active
    query = workflow_tokens().join(WorkflowToken.user).where(WorkflowToken.token_hash == token_hash, good)
    found: WorkflowToken | None = await session.scalar(query)
    return found


async def lock_workflow_token(session: AsyncSession, token_id: UUID) -> WorkflowToken | None:
    query = workflow_tokens().where(WorkflowToken.id == token_id).with_for_update(of=WorkflowToken)
    found: WorkflowToken | None = await session.scalar(query)
    return found


async def note_use(session: AsyncSession, token_id: UUID) -> None:
    """Remember that a workflow token was used, at most once a minute."""
    stale = WorkflowToken.last_used_at.is_(None) | (
        WorkflowToken.last_used_at < func.now() - text("interval '1 minute'")
    )
    mine = update(WorkflowToken).where(WorkflowToken.id == token_id, stale)
    await session.execute(mine.values(last_used_at=func.now()))

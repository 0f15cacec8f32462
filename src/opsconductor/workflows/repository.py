"""The workflows domain's questions to the database."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer, joinedload

from opsconductor.auth.models import User
from opsconductor.workflows.models import (
    NoderedDeploy,
    NoderedDocument,
    NoderedFlow,
    NoderedFlowVersion,
    WorkflowAuditKey,
)

DEPLOY_LOCK = 7_311_002  # one deploy at a time


async def owner_of(session: AsyncSession, flow_id: str) -> User | None:
    """Return whom a tab runs as (see auth.guard.FlowOwners)."""
    return await session.scalar(_owner(), {"flow_id": flow_id})


@cache
def _owner() -> Select[User]:
    query = select(User).join(NoderedFlow, NoderedFlow.user_id == User.id)
    return query.where(NoderedFlow.flow_id == bindparam("flow_id"), NoderedFlow.is_active)


async def newest_deploy(session: AsyncSession) -> NoderedDeploy | None:
    return await session.scalar(select(NoderedDeploy).order_by(NoderedDeploy.number.desc()).limit(1))


async def deploy(session: AsyncSession, number: int) -> NoderedDeploy | None:
    return await session.get(NoderedDeploy, number)


async def deploys_since(session: AsyncSession, number: int) -> list[NoderedDeploy]:
    query = deploys(number).order_by(NoderedDeploy.number)
    return list(await session.scalars(query))


def deploys(since: int) -> Select[Any]:
    """Return the deploys after a number, without the flows themselves."""
    query = select(NoderedDeploy).where(NoderedDeploy.number > since)
    return query.options(
        defer(NoderedDeploy.flows, raiseload=True), defer(NoderedDeploy.credentials, raiseload=True)
    )


async def lock_deploys(session: AsyncSession) -> None:
    await session.execute(select(func.pg_advisory_xact_lock(DEPLOY_LOCK)))


async def documents(session: AsyncSession, names: Sequence[str]) -> dict[str, Any]:
    rows = await session.scalars(select(NoderedDocument).where(NoderedDocument.name.in_(names)))
    return {row.name: row.content for row in rows}


async def documents_under(session: AsyncSession, prefix: str) -> list[str]:
    query = select(NoderedDocument.name).where(NoderedDocument.name.startswith(prefix, autoescape=True))
    return list(await session.scalars(query.order_by(NoderedDocument.name)))


async def keep_document(session: AsyncSession, name: str, content: Any) -> None:
    wanted = insert(NoderedDocument).values(name=name, content=content)
    new = {"content": wanted.excluded.content, "updated_at": func.now()}
    await session.execute(wanted.on_conflict_do_update(index_elements=["name"], set_=new))


def workflows() -> Select[Any]:
    return select(NoderedFlow).options(joinedload(NoderedFlow.user)).where(NoderedFlow.is_active)


async def flows_by_id(session: AsyncSession) -> dict[str, NoderedFlow]:
    return {row.flow_id: row for row in await session.scalars(select(NoderedFlow))}


async def flow_exists(session: AsyncSession, flow_id: str) -> bool:
    query = select(NoderedFlow.id).where(NoderedFlow.flow_id == flow_id)
    return await session.scalar(query) is not None


async def deployed(session: AsyncSession, flow_id: str) -> NoderedFlow | None:
    query = select(NoderedFlow).where(NoderedFlow.flow_id == flow_id, NoderedFlow.is_active)
    return await session.scalar(query)


async def retire_all_but(session: AsyncSession, flow_ids: Sequence[str]) -> None:
    gone = NoderedFlow.flow_id.not_in(flow_ids) & NoderedFlow.is_active
    await session.execute(update(NoderedFlow).where(gone).values(is_active=False))


async def version(session: AsyncSession, flow_id: str, number: int) -> NoderedFlowVersion | None:
    query = versions(flow_id).where(NoderedFlowVersion.version == number)
    found: NoderedFlowVersion | None = await session.scalar(query)
    return found


def versions(flow_id: str) -> Select[Any]:
    return select(NoderedFlowVersion).where(NoderedFlowVersion.flow_id == flow_id)


async def entry_with_key(
    session: AsyncSession, owner: str, key: str, request_sha256: bytes, entry_id: UUID
) -> WorkflowAuditKey:
    """Store a key, and return what counts: an earlier one of the same (waits for a transaction under way)."""
    row = {"owner": owner, "key": key, "request_sha256": request_sha256, "entry_id": entry_id}
    wanted = insert(WorkflowAuditKey).values(row)
    # Changes nothing; without it an earlier row would not be returned.
    same = wanted.on_conflict_do_update(index_elements=["owner", "key"], set_={"key": wanted.excluded.key})
    found = await session.scalars(same.returning(WorkflowAuditKey))
    return found.one()


async def forget_old_audit_keys(session: AsyncSession) -> None:
    """Delete keys older than the day they are promised for."""
    old = WorkflowAuditKey.created_at < func.now() - text("interval '24 hours'")
    await session.execute(delete(WorkflowAuditKey).where(old))

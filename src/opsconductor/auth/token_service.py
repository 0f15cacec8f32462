"""Use cases of workflow tokens: each is shown once, and only its hash is kept."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from opsconductor import audit
from opsconductor.auth import token_repository
from opsconductor.auth.errors import PermissionMissing, ScopeNotAllowed, WorkflowTokenNotFound
from opsconductor.auth.models import TokenState, User, WorkflowToken
from opsconductor.auth.policy import FLOW_RUN, permissions_of
from opsconductor.auth.token_schemas import NewWorkflowToken
from opsconductor.auth.tokens import WORKFLOW_LIFE, digest, random_token
from opsconductor.contracts.workflow import WORKFLOW_PREFIX
from opsconductor.kit.clock import now
from opsconductor.kit.ids import new_id
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import Actor, UnitOfWork

BY_PASSWORD = "Sign-in by password"  # noqa: S105  # a name, not a secret
SHOWN = len(WORKFLOW_PREFIX) + 6  # characters of a token that lists show


async def make_by_password(uow: UnitOfWork, user: User) -> tuple[str, datetime]:
    """Return a short token for whoever has just proved who they are, and when it ends."""
    ends = now() + WORKFLOW_LIFE
    token, made = _new_token(user, BY_PASSWORD, FLOW_RUN, None, ends)
    _keep(uow, made, Actor("user", user.id, user.username))
    return token, ends


async def make(uow: UnitOfWork, owner: User, wanted: NewWorkflowToken) -> tuple[str, WorkflowToken]:
    """Make a token that acts as its owner; return it, and what is kept of it."""
    _refuse_more_than(permissions_of(owner.role), wanted.scopes)
    ends = now() + timedelta(days=wanted.expires_in_days)
    token, made = _new_token(owner, wanted.name, wanted.scopes, wanted.flow_id, ends)
    _keep(uow, made, uow.actor)
    await uow.session.flush()  # created_at is shown in the answer
    return token, made


async def listed(
    uow: UnitOfWork,
    viewer: User,
    limit: int,
    cursor: str | None,
    *,
    user_id: UUID | None,
    flow_id: str | None,
    state: TokenState | None,
) -> Rows:
    """Return a page of tokens, newest first: one's own, or those of everybody for who may see them."""
    mine = viewer.id if _own_alone(viewer) else user_id
    if user_id not in (None, mine):
        raise PermissionMissing(permission="workflow_tokens.of_others")
    query = token_repository.workflow_tokens()
    if mine:
        query = query.where(WorkflowToken.user_id == mine)
    if flow_id:
        query = query.where(WorkflowToken.flow_id == flow_id)
    if state:
        query = query.where(token_repository.IN_STATE[state])
    return await page_of(uow.session, query, [Order(WorkflowToken.id, descending=True)], limit, cursor)


async def revoke(uow: UnitOfWork, viewer: User, token_id: UUID) -> None:
    """End a token at once; to do it again changes nothing."""
    found = await token_repository.lock_workflow_token(uow.session, token_id)
    if found is None or (found.user_id != viewer.id and _own_alone(viewer)):
        raise WorkflowTokenNotFound
    if found.revoked_at:
        return
    found.revoked_at, found.is_active = now(), False
    audit.record(uow, "workflow_token.revoked", "workflow_token", found.id, found.name, before=_facts(found))


def _own_alone(viewer: User) -> bool:
    return "workflow_tokens.of_others" not in permissions_of(viewer.role)


def _refuse_more_than(rights: frozenset[str], scopes: Iterable[str]) -> None:
    beyond = ", ".join(sorted(set(scopes) - rights))
    if beyond:
        problem = {"field": "scopes", "message": f"Your role does not allow {beyond}."}
        raise ScopeNotAllowed(scopes=beyond, errors=[problem])


def _new_token(
    owner: User, name: str, scopes: Iterable[str], flow_id: str | None, ends: datetime
) -> tuple[str, WorkflowToken]:
    token = WORKFLOW_PREFIX + random_token()
    made = WorkflowToken(
        id=new_id(),  # recorded before the row is flushed
        name=name,
        prefix=token[:SHOWN],
        token_hash=digest(token),
        user_id=owner.id,
        user=owner,
        scopes=sorted(set(scopes)),
        flow_id=flow_id,
        expires_at=ends,
    )
    return token, made


def _keep(uow: UnitOfWork, made: WorkflowToken, actor: Actor) -> None:
    uow.session.add(made)
    audit.record(
        uow,
        "workflow_token.created",
        "workflow_token",
        made.id,
        made.name,
        after=_facts(made),
        actor=actor,
    )


def _facts(token: WorkflowToken) -> dict[str, object]:
    return {
        "prefix": token.prefix,
        "owner": token.user.username,
        "scopes": token.scopes,
        "flow_id": token.flow_id,
        "expires_at": token.expires_at,
    }

"""Workflow tokens over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from opsconductor.auth import token_service
from opsconductor.auth.models import TokenState, User, WorkflowToken
from opsconductor.auth.routes import Current
from opsconductor.auth.token_schemas import (
    MadeWorkflowToken,
    NewWorkflowToken,
    TokenOwner,
    WorkflowTokenInfo,
)
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.clock import now
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow

router = Branch(prefix="/workflow-tokens", tags=["workflow tokens"])


async def current_user(current: Current) -> User:
    """Return the person who asks; our own services have no tokens of this kind."""
    if current.user is None:
        raise NotSignedIn
    return current.user


Viewer = Annotated[User, Depends(current_user)]


@router.get("")
@allowed("workflow_tokens.read")
async def list_workflow_tokens(
    uow: Uow,
    viewer: Viewer,
    user_id: UUID | None = None,
    flow_id: Annotated[str | None, Query(max_length=255)] = None,
    state: TokenState | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[WorkflowTokenInfo]:
    """List workflow tokens, newest first: one's own; administrators see those of everybody."""
    rows = await token_service.listed(
        uow, viewer, limit, cursor, user_id=user_id, flow_id=flow_id, state=state
    )
    return Page(items=[_info(row) for row in rows.items], total=rows.total, next_cursor=rows.next_cursor)


@router.post("", status_code=201)
@allowed("workflow_tokens.write")
async def make_workflow_token(
    wanted: NewWorkflowToken, uow: Uow, viewer: Viewer, response: Response
) -> MadeWorkflowToken:
    """Make a workflow token that acts as oneself. The answer is the only one that ever has it."""
    token, made = await token_service.make(uow, viewer, wanted)
    response.headers["Cache-Control"] = "no-store"
    return MadeWorkflowToken(**_info(made).model_dump(), token=token)


@router.delete("/{token_id}", status_code=204)
@allowed("workflow_tokens.write")
async def revoke_workflow_token(token_id: UUID, uow: Uow, viewer: Viewer) -> None:
    """Revoke a workflow token: from now on it is refused."""
    await token_service.revoke(uow, viewer, token_id)


def _info(token: WorkflowToken) -> WorkflowTokenInfo:
    return WorkflowTokenInfo(
        id=token.id,
        name=token.name,
        prefix=token.prefix,
        owner=TokenOwner.model_validate(token.user),
        scopes=token.scopes,
        flow_id=token.flow_id,
        state=token.state(now()),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )

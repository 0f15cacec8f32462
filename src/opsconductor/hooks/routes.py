"""Hooks over HTTP, for people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from opsconductor.auth.routes import Current
from opsconductor.contracts.hooks import Protection
from opsconductor.credentials.routes import OpenVault
from opsconductor.hooks import repository, secrets, service
from opsconductor.hooks.models import Hook, HookSecret
from opsconductor.hooks.schemas import (
    HookDetail,
    HookOut,
    HookProtection,
    HookSecretOut,
    MadeHookSecret,
    NewHookSecret,
)
from opsconductor.kit.access import allowed
from opsconductor.kit.branch import Branch
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Cursor, Limit, Page
from opsconductor.kit.requests import Uow
from opsconductor.kit.settings import Settings
from opsconductor.kit.unit_of_work import UnitOfWork

router = Branch(prefix="/hooks", tags=["hooks"])


@router.get("")
@allowed("hooks.read")
async def list_hooks(
    request: Request,
    uow: Uow,
    flow_id: Annotated[str | None, Query(max_length=255)] = None,
    protection: Protection | None = None,
    served: bool | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[HookOut]:
    """List the hooks, by path: what flows serve, and what they no longer serve and is still protected."""
    rows = await service.listed(uow, limit, cursor, flow_id=flow_id, protection=protection, served=served)
    counts = await repository.counts_of_good_secrets(uow.session, [row.id for row in rows.items])
    items = [_out(request, row, counts.get(row.id, 0)) for row in rows.items]
    return Page(items=items, total=rows.total, next_cursor=rows.next_cursor)


@router.get("/{hook_id}")
@allowed("hooks.read")
async def get_hook(hook_id: UUID, request: Request, uow: Uow) -> HookDetail:
    """Return a hook with its secrets, without themselves."""
    return await _detail(request, uow, await service.get(uow, hook_id))


@router.put("/{hook_id}/protection")
@allowed("hooks.write")
async def protect_hook(
    hook_id: UUID, wanted: HookProtection, request: Request, uow: Uow, current: Current
) -> HookDetail:
    """Say how requests to a hook prove themselves. `open`, not at all, is for administrators to decide."""
    return await _detail(request, uow, await service.protect(uow, current, hook_id, wanted.protection))


@router.post("/{hook_id}/secrets", status_code=201)
@allowed("hooks.write")
async def issue_hook_secret(
    hook_id: UUID, wanted: NewHookSecret, uow: Uow, vault: OpenVault, response: Response
) -> MadeHookSecret:
    """Issue a secret for a hook, in place of those it has. The answer is the only one that ever has it."""
    grace = timedelta(minutes=wanted.grace_minutes)
    secret, made, hook = await service.issue(uow, hook_id, grace, vault)
    response.headers["Cache-Control"] = "no-store"
    assert hook.protection is not None
    return MadeHookSecret(**_secret_out(made).model_dump(), protection=hook.protection, secret=secret)


@router.delete("/{hook_id}/secrets/{secret_id}", status_code=204)
@allowed("hooks.write")
async def revoke_hook_secret(hook_id: UUID, secret_id: UUID, uow: Uow) -> None:
    """Revoke a secret: the next request with it is refused."""
    await service.revoke(uow, hook_id, secret_id)


@router.delete("/{hook_id}", status_code=204)
@allowed("hooks.write")
async def remove_hook(hook_id: UUID, uow: Uow) -> None:
    """Delete a hook that no flow serves any more, with its secrets."""
    await service.remove(uow, hook_id)


async def _detail(request: Request, uow: UnitOfWork, hook: Hook) -> HookDetail:
    kept: Sequence[HookSecret] = await repository.secrets(uow.session, hook.id)
    issued = [_secret_out(one) for one in kept]
    good = sum(one.is_good for one in issued)
    return HookDetail(**_out(request, hook, good).model_dump(), issued=issued)


def _out(request: Request, hook: Hook, good_secrets: int) -> HookOut:
    config: Settings = request.app.state.settings
    made_here = {
        "url": f"{config.public_origin}/hooks{hook.path}",
        "run_as": hook.user.username if hook.user else None,
        "secrets": good_secrets,
    }
    facts = {name: getattr(hook, name) for name in HookOut.model_fields if name not in made_here}
    return HookOut(**facts, **made_here)


def _secret_out(kept: HookSecret) -> HookSecretOut:
    facts = {name: getattr(kept, name) for name in HookSecretOut.model_fields if name != "is_good"}
    return HookSecretOut(**facts, is_good=secrets.is_good(kept, now()))

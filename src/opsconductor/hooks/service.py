"""Use cases of hooks: how requests prove themselves, and the secrets they do it by, each shown once."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.auth.errors import PermissionMissing
from opsconductor.auth.principal import Principal
from opsconductor.contracts.hooks import Protection
from opsconductor.credentials.vault import Vault
from opsconductor.hooks import repository, secrets
from opsconductor.hooks.errors import (
    HookHasNoSecrets,
    HookNotFound,
    HookSecretNotFound,
    HookServed,
    TooManyHookSecrets,
)
from opsconductor.hooks.following import name_of
from opsconductor.hooks.models import Hook, HookSecret
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork

MOST_SECRETS = 5  # of a hook that are good at once; each request is held against all of them


async def listed(
    uow: UnitOfWork,
    limit: int,
    cursor: str | None,
    *,
    flow_id: str | None,
    protection: Protection | None,
    served: bool | None,
) -> Rows:
    """Return a page of hooks, by path."""
    wanted = {Hook.flow_id: flow_id, Hook.protection: protection, Hook.served: served}
    query = repository.hooks()
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return await page_of(uow.session, query, [Order(Hook.path), Order(Hook.id)], limit, cursor)


async def get(uow: UnitOfWork, hook_id: UUID, *, lock: bool = False) -> Hook:
    """Return a hook."""
    found = await repository.hook(uow.session, hook_id, lock=lock)
    if found is None:
        raise HookNotFound
    return found


async def protect(uow: UnitOfWork, who: Principal, hook_id: UUID, wanted: Protection | None) -> Hook:
    """Say how requests to a hook prove themselves; secrets of another kind end at once."""
    if wanted == "open" and "hooks.open" not in who.permissions:
        raise PermissionMissing(permission="hooks.open")
    hook = await get(uow, hook_id, lock=True)
    if hook.protection == wanted:
        return hook
    before = {"protection": hook.protection}
    hook.protection = wanted
    ended = await _end_all(uow, hook, timedelta())
    after = {"protection": wanted, "secrets_ended": ended}
    _record(uow, "hook.protected", hook, before=before, after=after)
    return hook


async def issue(
    uow: UnitOfWork, hook_id: UUID, grace: timedelta, vault: Vault
) -> tuple[str, HookSecret, Hook]:
    """Issue a secret for a hook, and let those it has end; return it, and what is kept of it."""
    hook = await get(uow, hook_id, lock=True)
    if hook.protection not in secrets.PREFIXES:
        raise HookHasNoSecrets
    good = await _end_all(uow, hook, grace)
    if grace and good >= MOST_SECRETS:
        raise TooManyHookSecrets(count=good)
    secret, made = secrets.make(hook.protection, hook.id, uow.actor.name, vault)
    uow.session.add(made)
    after = {"prefix": made.prefix, "protection": hook.protection, "others_good_for": str(grace)}
    _record(uow, "hook.secret_issued", hook, after=after)
    await uow.session.flush()  # created_at is shown in the answer
    return secret, made, hook


async def revoke(uow: UnitOfWork, hook_id: UUID, secret_id: UUID) -> None:
    """End a secret at once; to do it again changes nothing."""
    hook = await get(uow, hook_id, lock=True)
    kept = next((one for one in await repository.secrets(uow.session, hook.id) if one.id == secret_id), None)
    if kept is None:
        raise HookSecretNotFound
    if not secrets.is_good(kept, now()):
        return
    kept.ends_at = now()
    _record(uow, "hook.secret_revoked", hook, before={"prefix": kept.prefix})


async def remove(uow: UnitOfWork, hook_id: UUID) -> None:
    """Delete a hook that no flow serves, with its secrets."""
    hook = await get(uow, hook_id, lock=True)
    if hook.served:
        raise HookServed
    _record(uow, "hook.removed", hook, before={"protection": hook.protection, "flow_name": hook.flow_name})
    await uow.session.delete(hook)


async def _end_all(uow: UnitOfWork, hook: Hook, grace: timedelta) -> int:
    """Let the secrets of a hook end after a time, where they do not end before; return how many were good."""
    good = await repository.good_secrets(uow.session, hook.id)
    ends = now() + grace
    for kept in good:
        kept.ends_at = min(kept.ends_at or ends, ends)
    return len(good)


def _record(
    uow: UnitOfWork,
    action: str,
    hook: Hook,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    audit.record(uow, action, "hook", hook.id, name_of(hook), before=before, after=after)

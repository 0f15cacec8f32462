"""Use cases of the targets domain."""

from typing import Any
from uuid import UUID

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.credentials import repository as credentials
from opsconductor.credentials.service import login_of
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.targets import repository
from opsconductor.targets.errors import (
    HostKeyNotOffered,
    TargetNameTaken,
    TargetNotFound,
    UnknownCredential,
)
from opsconductor.targets.models import Target
from opsconductor.targets.schemas import Facets, NewTarget, TargetChange, TargetFilter
from opsconductor.transports.base import Endpoint, HostKeyCheck, Transport
from opsconductor.transports.errors import HostKeyRefused, TransportError
from opsconductor.transports.hostkeys import fingerprint


async def register(uow: UnitOfWork, wanted: NewTarget) -> Target:
    """Register a target."""
    if await repository.name_is_taken(uow.session, wanted.name):
        raise TargetNameTaken
    target = Target(**wanted.model_dump(), transport="ssh")
    await _attach_credential(uow, target)
    uow.session.add(target)
    await uow.session.flush()  # id and times are shown in the answer
    audit.record(uow, "target.registered", "target", target.id, target.name, after=_facts(target))
    return target


async def change(uow: UnitOfWork, target_id: UUID, wanted: TargetChange) -> Target:
    """Change a target. Another host or port forgets the pinned key: it belonged to the old address."""
    target = await get(uow, target_id, lock=True)
    before = _facts(target)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=target_id):
        raise TargetNameTaken
    given = wanted.model_dump(exclude_unset=True)
    for name, value in given.items():
        if value is not None or name == "credential_id":
            setattr(target, name, value)
    if "credential_id" in given:
        await _attach_credential(uow, target)
    if (target.host, target.port) != (before["host"], before["port"]):
        _forget_key(target)
    old, new = changes(before, _facts(target))
    audit.record(uow, "target.changed", "target", target.id, target.name, before=old, after=new)
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def remove(uow: UnitOfWork, target_id: UUID) -> None:
    """Delete a target; its results stay, under the name it had."""
    target = await get(uow, target_id, lock=True)
    audit.record(uow, "target.removed", "target", target.id, target.name, before=_facts(target))
    await uow.session.delete(target)


async def get(uow: UnitOfWork, target_id: UUID, *, lock: bool = False) -> Target:
    """Return a target."""
    found = await repository.target(uow.session, target_id, lock=lock)
    if found is None:
        raise TargetNotFound
    return found


async def listed(uow: UnitOfWork, wanted: TargetFilter, limit: int, cursor: str | None) -> Rows:
    """Return a page of targets by name."""
    order = [Order(Target.name), Order(Target.id)]
    return await page_of(uow.session, repository.matching(wanted), order, limit, cursor)


async def facets(uow: UnitOfWork) -> Facets:
    """Return how many targets there are of each value."""
    found: dict[str, dict[str, int]] = {"os_type": {}, "environment": {}, "status": {}, "tag": {}}
    for facet, value, count in await repository.facets(uow.session):
        found[facet][value] = count
    return Facets(**found)


async def approve_host_key(uow: UnitOfWork, target_id: UUID, wanted: str) -> Target:
    """Pin the key that the target last showed, if it is the one a person compared."""
    target = await get(uow, target_id, lock=True)
    offered = target.offered_host_key
    if offered is None or fingerprint(offered) != wanted:
        raise HostKeyNotOffered
    before = {"host_key": _short(target.host_key)}
    target.host_key, target.offered_host_key, target.host_key_pinned_at = offered, None, now()
    audit.record(
        uow,
        "target.host_key_approved",
        "target",
        target.id,
        target.name,
        before=before,
        after={"host_key": wanted},
    )
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def forget_host_key(uow: UnitOfWork, target_id: UUID) -> Target:
    """Forget the pinned key; the next contact is a first one again."""
    target = await get(uow, target_id, lock=True)
    before = {"host_key": _short(target.host_key)}
    _forget_key(target)
    audit.record(uow, "target.host_key_forgotten", "target", target.id, target.name, before=before)
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def look_up_for_test(uow: UnitOfWork, target_id: UUID, vault: Vault) -> tuple[Target, dict[str, Any]]:
    """Return a target with what a connection test needs to sign in (empty where it can't)."""
    target = await get(uow, target_id)
    if target.credential is None:
        return target, {}
    try:
        login = login_of(target.credential, vault)
    except SealBroken:
        return target, {}
    accept_new = target.host_key_policy == "pin-on-first-use"
    return target, {
        "endpoint": Endpoint(target.host, target.port),
        "login": login,
        "host_key": HostKeyCheck(target.host_key, accept_new=accept_new),
    }


async def connection_test(transport: Transport, how: dict[str, Any]) -> dict[str, Any]:
    """Connect and sign in; return what happened. Holds no transaction: a silent host takes seconds."""
    if not how:
        detail = "The target has no credential that can be opened; choose one."
        return {"ok": False, "latency_ms": None, "error_code": "credential_missing", "detail": detail}
    try:
        found = await transport.check(**how)
    except HostKeyRefused as error:
        outcome = {"ok": False, "latency_ms": None, "error_code": error.code, "detail": error.detail}
        return {**outcome, "offered": error.offered}
    except TransportError as error:
        return {"ok": False, "latency_ms": None, "error_code": error.code, "detail": error.detail}
    return {
        "ok": True,
        "latency_ms": found.latency_ms,
        "error_code": None,
        "detail": None,
        "shown": found.host_key,
        "endpoint": how["endpoint"],
    }


async def store_test(uow: UnitOfWork, target_id: UUID, outcome: dict[str, Any]) -> Target:
    """Keep the outcome of a connection test; pin a key that was seen for the first time."""
    target = await get(uow, target_id, lock=True)
    shown, offered = outcome.pop("shown", None), outcome.pop("offered", None)
    still_there = outcome.pop("endpoint", None) == Endpoint(target.host, target.port)
    if shown and still_there and target.host_key is None:  # the address may have been changed meanwhile
        target.host_key, target.host_key_pinned_at = shown, now()
        audit.record(
            uow,
            "target.host_key_pinned",
            "target",
            target.id,
            target.name,
            after={"host_key": fingerprint(shown)},
        )
    target.offered_host_key = offered or (None if shown else target.offered_host_key)
    target.last_test = {**outcome, "tested_at": now().isoformat()}
    audit.record(uow, "target.tested", "target", target.id, target.name, after=dict(outcome))
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def _attach_credential(uow: UnitOfWork, target: Target) -> None:
    target.credential = None
    if target.credential_id is None:
        return
    wanted = target.credential_id
    with uow.session.no_autoflush:  # the database would refuse an unknown id before we can say so
        target.credential = await credentials.credential(uow.session, wanted)
    if target.credential is None:
        raise UnknownCredential(errors=[{"field": "credential_id", "message": "no such credential"}])


def _forget_key(target: Target) -> None:
    target.host_key = target.host_key_pinned_at = target.offered_host_key = None


def _short(key: str | None) -> str | None:
    return fingerprint(key) if key else None


def _facts(target: Target) -> dict[str, Any]:
    names = ("name", "host", "port", "os_type", "environment", "status", "description", "tags")
    facts = {name: getattr(target, name) for name in (*names, "host_key_policy")}
    return {**facts, "credential_id": target.credential_id and str(target.credential_id)}

"""Use cases of the targets domain."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

from opsconductor import audit
from opsconductor.audit.service import changes
from opsconductor.credentials import repository as credentials
from opsconductor.credentials.service import Logins
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.kit.clock import now
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.targets import repository
from opsconductor.targets.errors import (
    HostKeyNotOffered,
    JumpHostInUse,
    JumpHostLoop,
    JumpHostUnusable,
    RouteTooLong,
    TargetNameTaken,
    TargetNotFound,
    UnknownCredential,
    UnknownJumpHost,
    UnknownTargets,
)
from opsconductor.targets.models import Target
from opsconductor.targets.schemas import Facets, NewTarget, TargetChange, TargetFilter
from opsconductor.targets.way import NoCredential, Way, way_to
from opsconductor.transports.base import MAX_HOPS, Endpoint, Transport
from opsconductor.transports.errors import HostKeyRefused, TransportError
from opsconductor.transports.hostkeys import fingerprint

T = TypeVar("T")
REFERENCES = {"credential_id", "jump_target_id"}
HINT = "target"
"""What others are told of when one of what lists of targets show changed: one came, is another, or went."""
EMPTIABLE = REFERENCES | {"max_parallel"}
"""What a null takes away, instead of leaving it as it is."""


async def register(uow: UnitOfWork, wanted: NewTarget) -> Target:
    """Register a target."""
    if await repository.name_is_taken(uow.session, wanted.name):
        raise TargetNameTaken
    target = Target(**wanted.model_dump(), transport="ssh")
    await _attach_credential(uow, target)
    await _check_route(uow, target)
    uow.session.add(target)
    await uow.session.flush()  # id and times are shown in the answer
    uow.hint(HINT, target.id)
    audit.record(uow, "target.registered", "target", target.id, target.name, after=_facts(target))
    return target


async def change(uow: UnitOfWork, target_id: UUID, wanted: TargetChange) -> Target:
    """Change a target. Another host or port forgets the pinned key: it belonged to the old address."""
    given = wanted.model_dump(exclude_unset=True)
    if REFERENCES & given.keys():
        await repository.lock_routes(uow.session)
    target = await get(uow, target_id, lock=True)
    before = _facts(target)
    if wanted.name and await repository.name_is_taken(uow.session, wanted.name, except_id=target_id):
        raise TargetNameTaken
    for name, value in given.items():
        if value is not None or name in EMPTIABLE:
            setattr(target, name, value)
    if "credential_id" in given:
        await _attach_credential(uow, target)
    if "jump_target_id" in given:
        await _check_route(uow, target)
    await _keep_usable(uow, target)
    if (target.host, target.port) != (before["host"], before["port"]):
        _forget_key(target)
    old, new = changes(before, _facts(target))
    uow.hint(HINT, target.id)
    audit.record(uow, "target.changed", "target", target.id, target.name, before=old, after=new)
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def remove(uow: UnitOfWork, target_id: UUID) -> None:
    """Delete a target that no other is reached through; its results stay, under the name it had."""
    await repository.lock_routes(uow.session)
    target = await get(uow, target_id, lock=True)
    if count := await repository.reached_through(uow.session, target_id):
        raise JumpHostInUse(count=count)
    uow.hint(HINT, target.id)
    audit.record(uow, "target.removed", "target", target.id, target.name, before=_facts(target))
    await uow.session.delete(target)


async def get(uow: UnitOfWork, target_id: UUID, *, lock: bool = False) -> Target:
    """Return a target."""
    found = await repository.target(uow.session, target_id, lock=lock)
    if found is None:
        raise TargetNotFound
    return found


async def known(uow: UnitOfWork, wanted: Sequence[UUID]) -> dict[UUID, Target]:
    """Return the wanted targets, in the order they were asked for, each once; refuse ids that are none of a target."""
    return _all_of(wanted, await repository.targets_by_id(uow.session, wanted))


async def names_of(uow: UnitOfWork, wanted: Sequence[UUID]) -> dict[UUID, str]:
    """Return what the wanted targets are called, as `known` does."""
    return _all_of(wanted, await repository.names_by_id(uow.session, wanted))


def _all_of(wanted: Sequence[UUID], found: Mapping[UUID, T]) -> dict[UUID, T]:
    missing = [str(id) for id in dict.fromkeys(wanted) if id not in found]
    if missing:
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        errors = [{"field": "target_ids", "message": f"no target has the id {id}"} for id in missing[:100]]
        raise UnknownTargets(count=len(missing), ids=shown, errors=errors)
    return {id: found[id] for id in dict.fromkeys(wanted)}


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


async def jump_hosts_of(uow: UnitOfWork, targets: Collection[Target]) -> dict[UUID, Target]:
    """Return every jump host on the ways to these targets."""
    return await repository.jump_hosts_of(uow.session, targets)


@dataclass(frozen=True)
class TestOutcome:
    """How a connection test ended, and the keys it has seen, by target."""

    facts: dict[str, Any]
    accepted: dict[UUID, str] = field(default_factory=dict)
    """Keys of targets that had none pinned."""
    refused: dict[UUID, str] = field(default_factory=dict)
    way: Way | None = None


async def way_for_test(uow: UnitOfWork, target_id: UUID, vault: Vault) -> Way | TestOutcome:
    """Return the way to a target, or how the test ends where nobody can go it."""
    target = await get(uow, target_id)
    try:
        return way_to(target, await jump_hosts_of(uow, [target]), Logins(vault))
    except NoCredential as missing:
        detail = f"{missing.name} has no credential; choose one for it."
    except SealBroken:
        detail = "A credential on the way can't be opened with this installation's SECRET_KEY; enter its secret again."
    return TestOutcome(_failed("credential_missing", detail))


async def connection_test(transport: Transport, way: Way | TestOutcome) -> TestOutcome:
    """Connect and sign in; return what happened. Holds no transaction: a silent host takes seconds."""
    if isinstance(way, TestOutcome):
        return way
    try:
        found = await transport.check(*way.arguments)
    except TransportError as error:
        refused = {way.place_of(error): error.offered} if isinstance(error, HostKeyRefused) else {}
        hop = str(way.place_of(error)) if error.hop is not None else None
        return TestOutcome(_failed(error.code, error.detail, hop), refused=refused)
    facts = {"ok": True, "latency_ms": found.latency_ms, "error_code": None, "detail": None}
    return TestOutcome(facts, accepted=way.first_keys(found.host_key, found.hop_keys), way=way)


async def store_test(uow: UnitOfWork, target_id: UUID, outcome: TestOutcome) -> Target:
    """Keep the outcome of a connection test; pin the keys that were seen for the first time."""
    places = sorted(
        {target_id, *outcome.accepted, *outcome.refused}
    )  # so that two tests lock in the same order
    rows = {id: await get(uow, id, lock=True) for id in places}
    target = rows[target_id]
    if outcome.facts["ok"]:
        target.offered_host_key = None
    for id, key in outcome.refused.items():
        rows[id].offered_host_key = key
    for id, key in outcome.accepted.items():
        assert outcome.way is not None
        _pin_first(uow, rows[id], key, outcome.way.endpoint_of(id))
    target.last_test = {**outcome.facts, "tested_at": now().isoformat()}
    audit.record(uow, "target.tested", "target", target.id, target.name, after=dict(outcome.facts))
    await uow.session.flush()  # updated_at is shown in the answer
    return target


async def pin_first_keys(uow: UnitOfWork, shown: Sequence[tuple[UUID, str]]) -> list[str | None]:
    """Pin keys that targets showed first; return for each the key that is pinned now (whoever was faster)."""
    keys = dict(reversed(shown))  # of two for the same target, the earlier one
    names = await repository.pin_first_keys(uow.session, keys)
    for id, name in names.items():
        facts = {"host_key": fingerprint(keys[id])}
        audit.record(uow, "target.host_key_pinned", "target", id, name, after=facts)
    overtaken = keys.keys() - names.keys()
    pinned: dict[UUID, str | None] = {id: keys[id] for id in names}
    if overtaken:
        pinned |= await repository.pinned_keys(uow.session, overtaken)
    return [pinned.get(id) for id, _ in shown]


def _failed(code: str, detail: str, hop: str | None = None) -> dict[str, Any]:
    facts = {"ok": False, "latency_ms": None, "error_code": code, "detail": detail}
    return {**facts, "failed_hop_id": hop} if hop else facts


def _pin_first(uow: UnitOfWork, target: Target, key: str, seen_at: Endpoint) -> None:
    if target.host_key is not None or (target.host, target.port) != (seen_at.host, seen_at.port):
        return  # the address may have been changed meanwhile
    target.host_key, target.host_key_pinned_at, target.offered_host_key = key, now(), None
    audit.record(
        uow,
        "target.host_key_pinned",
        "target",
        target.id,
        target.name,
        after={"host_key": fingerprint(key)},
    )


async def _check_route(uow: UnitOfWork, target: Target) -> None:
    """Refuse a jump host that can't be one. The key of the target stays pinned: it is the same machine."""
    if target.jump_target_id is None:
        return
    with uow.session.no_autoflush:  # the database would refuse an unknown id before we can say so
        await repository.lock_routes(uow.session)
        hops = await repository.jump_hosts(uow.session, [target.jump_target_id])
        behind = await repository.longest_way_behind(uow.session, target.id) if target.id else 0
    jump_host = hops.get(target.jump_target_id)
    if jump_host is None:
        raise UnknownJumpHost(errors=_at_jump_host("no such target"))
    if target.id in hops:
        raise JumpHostLoop(errors=_at_jump_host("it is reached through this target"))
    if jump_host.credential_id is None or jump_host.transport != "ssh":
        raise JumpHostUnusable(name=jump_host.name, errors=_at_jump_host("it has no SSH credential"))
    if (count := len(hops) + behind) > MAX_HOPS:
        message = f"at most {MAX_HOPS} jump hosts on a way"
        raise RouteTooLong(count=count, limit=MAX_HOPS, errors=_at_jump_host(message))


def _at_jump_host(message: str) -> list[dict[str, str]]:
    return [{"field": "jump_target_id", "message": message}]


async def _keep_usable(uow: UnitOfWork, target: Target) -> None:
    """Refuse to take the credential away from a jump host."""
    if target.credential_id is not None:
        return
    if count := await repository.reached_through(uow.session, target.id):
        raise JumpHostInUse(
            f"{count} targets are reached through this one, so it needs a credential; choose one."
        )


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
    facts = {
        name: getattr(target, name)
        for name in (*names, "host_key_policy", "legacy_algorithms", "max_parallel")
    }
    return {**facts, **{name: _text(getattr(target, name)) for name in sorted(REFERENCES)}}


def _text(id: UUID | None) -> str | None:
    return str(id) if id else None

"""Hooks follow deploys: new ones appear, those that no flow serves any more fall silent.

A hook is its method and path, so what protects it stays when its node moves to another tab. A tab that takes a path
over from one that ran as somebody else inherits its tokens and keys, which is audited; it does not inherit that the
path is open to everybody: that was decided of another flow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from opsconductor import audit
from opsconductor.contracts.hooks import HookMethod
from opsconductor.hooks import repository
from opsconductor.hooks.models import Hook
from opsconductor.kit.ids import new_id
from opsconductor.kit.unit_of_work import Actor, UnitOfWork

Key = tuple[HookMethod, str]


@dataclass(frozen=True)
class Place:
    """Where in the flows a hook is served."""

    flow_id: str
    flow_name: str
    node_id: str
    node_name: str


@dataclass(frozen=True)
class Served:
    """A hook that a deploy serves."""

    method: HookMethod
    path: str
    place: Place


Owners = Mapping[str, UUID | None]
"""Whom each tab runs as."""


async def follow(uow: UnitOfWork, served: Sequence[Served], owners: Owners, who: Actor) -> None:
    """Bring the hooks up to what a deploy serves; the caller holds the lock of deploys."""
    places: dict[Key, list[Place]] = {}
    for one in served:
        places.setdefault((one.method, one.path), []).append(one.place)
    known: dict[Key, Hook] = {
        (hook.method, hook.path): hook for hook in await repository.all_hooks(uow.session)
    }
    for key, at in places.items():
        if key in known:
            _move(uow, known[key], at, owners, who)
        else:
            uow.session.add(_new(key, at[0], owners))
    for key in known.keys() - places.keys():
        await _fall_silent(uow, known[key])


def _new(key: Key, place: Place, owners: Owners) -> Hook:
    hook = Hook(id=new_id(), method=key[0], path=key[1])
    _put(hook, place, owners)
    return hook


def _put(hook: Hook, place: Place, owners: Owners) -> None:
    hook.flow_id, hook.flow_name = place.flow_id, place.flow_name
    hook.node_id, hook.node_name = place.node_id, place.node_name
    hook.user_id, hook.served = owners.get(place.flow_id), True


def _move(uow: UnitOfWork, hook: Hook, places: Sequence[Place], owners: Owners, who: Actor) -> None:
    """Note where a hook is served now. Of several nodes with its path nobody says which one Node-RED takes."""
    others = [place for place in places if place.flow_id != hook.flow_id]
    strange = any(owners.get(place.flow_id) != hook.user_id for place in others)
    before = {"flow_id": hook.flow_id, "flow_name": hook.flow_name, "protection": hook.protection}
    if strange and hook.protection == "open":
        hook.protection = None
    stays = next((place for place in places if place.flow_id == hook.flow_id), None)
    _put(hook, stays or places[0], owners)
    after = {"flow_id": hook.flow_id, "flow_name": hook.flow_name, "protection": hook.protection}
    if before["protection"] and (strange or not stays):
        action = "hook.taken_over" if strange else "hook.moved"
        audit.record(uow, action, "hook", hook.id, name_of(hook), before=before, after=after, actor=who)


async def _fall_silent(uow: UnitOfWork, hook: Hook) -> None:
    """Keep a hook that somebody has protected; of another there is nothing to keep."""
    if hook.protection is None:
        await uow.session.delete(hook)
    else:
        hook.served = False


def name_of(hook: Hook) -> str:
    """Return what a hook is called in the audit log and in logs."""
    return f"{hook.method} /hooks{hook.path}"

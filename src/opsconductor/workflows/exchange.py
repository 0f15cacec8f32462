"""Use cases of carrying a tab elsewhere and back: as a document that says what it needs, imported as a disabled tab."""

import asyncio
import secrets as chance
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from opsconductor import __version__, audit
from opsconductor.auth.principal import Principal
from opsconductor.kit.clock import now
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.workflows import documents, repository, secrets, service, things_repository
from opsconductor.workflows.errors import NodeTypesUnknown, NotAFlow, SecretsInFlow, WorkflowNotFound
from opsconductor.workflows.exchange_schemas import (
    FORMAT,
    ConflictFound,
    FlowDocument,
    Imported,
    ImportPreview,
    Missing,
    SecretFound,
    Thing,
    ThingKind,
)
from opsconductor.workflows.flows import Node, types_used
from opsconductor.workflows.secrets import Secret
from opsconductor.workflows.serving import hook_of

READ: dict[ThingKind, str] = {
    "target": "targets.read",
    "script": "scripts.read",
    "file": "files.read",
    "notification_channel": "notifications.read",
    "credential": "credentials.read",
}
"""What somebody has to be allowed for seeing the names of such things."""
SHOWN = 5
"""Places of secrets in a sentence, at most; `errors` has all of them."""


@dataclass(frozen=True)
class Source:
    """Nodes to make a tab of: what the tab is called, what became of it, and what the nodes' origin says they need."""

    nodes: list[Node]
    name: str | None
    message: str
    refers_to: Sequence[Thing] = ()


async def exported(uow: UnitOfWork, flow_id: str, may: frozenset[str]) -> FlowDocument:
    """Return a deployed tab as a document; refused where its nodes hold secrets."""
    row = await repository.deployed(uow.session, flow_id)
    if row is None:
        raise WorkflowNotFound
    nodes = documents.portable(row.flow_data)
    await refuse_secrets(nodes)
    return await document_of(uow, row.flow_name, nodes, may)


async def document_of(uow: UnitOfWork, name: str, nodes: list[Node], may: frozenset[str]) -> FlowDocument:
    """Return nodes as a document, with the names of what they refer to by id, as far as who asks may read those."""
    things = await _things(uow, nodes)
    return FlowDocument(
        format=FORMAT,
        version=1,
        name=name,
        exported_at=now(),
        product_version=__version__,
        nodes=nodes,
        refers_to=[thing for thing in things if READ[thing.kind] in may],
    )


async def refuse_unusable(nodes: list[Node]) -> None:
    """Refuse what is not one tab with what it uses."""
    if found := await asyncio.to_thread(documents.problems, nodes):
        raise NotAFlow(errors=[{"field": one.field, "message": one.message} for one in found])


async def refuse_secrets(nodes: list[Node]) -> None:
    """Refuse nodes that hold secrets, by the node and the field, never by what is there."""
    if found := await asyncio.to_thread(secrets.found_in, nodes):
        errors = [{"field": f"{one.node_id}.{one.field}", "message": f"holds {one.kind}"} for one in found]
        raise SecretsInFlow(places=_places(found), errors=errors)


async def refuse_unknown_types(uow: UnitOfWork, nodes: list[Node]) -> None:
    """Refuse nodes whose types are not installed here."""
    service.refuse_unknown_types(nodes, await _known_types(uow))


async def preview(uow: UnitOfWork, source: Source) -> ImportPreview:
    """Return what an import would do, and store nothing."""
    await refuse_unusable(source.nodes)
    tab, used = documents.tab_of(source.nodes)
    newest = await repository.newest_deploy(uow.session)
    there = newest.flows if newest else []
    _, shared = documents.renewed(used, _by_id(there), _new_id)
    found = await asyncio.to_thread(secrets.found_in, source.nodes)
    unknown = sorted(types_used(used) - await _known_types(uow))
    name = source.name or _label(tab)
    return ImportPreview(
        name=name,
        nodes=sum(node.get("z") == tab["id"] and node["type"] != "group" for node in used),
        subflows=[_label(node) for node in used if node["type"] == "subflow"],
        config_nodes=[_label(node) for node in used if _is_config(node)],
        groups=sum(node["type"] == "group" for node in used),
        shared=[_label(node) for node in shared if not node.get("z")],
        refers_to=await _things(uow, used),
        missing=await _missing(uow, used, source.refers_to),
        conflicts=_conflicts(name, used, there),
        secrets=[SecretFound.model_validate(one) for one in found],
        unknown_types=unknown,
        acceptable=not found and not unknown,
    )


async def import_tab(uow: UnitOfWork, source: Source, who: Principal) -> Imported:
    """Make a disabled tab under new ids, by a deploy of its own: it acts as whoever imported it."""
    await refuse_unusable(source.nodes)
    await refuse_secrets(source.nodes)
    _, used = documents.tab_of(source.nodes)
    await refuse_unknown_types(uow, used)
    await repository.lock_deploys(uow.session)
    newest = await repository.newest_deploy(uow.session)
    there = newest.flows if newest else []
    coming, _ = documents.renewed(documents.portable(used), _by_id(there), _new_id)
    tab = next(node for node in coming if node["type"] == "tab")
    tab["disabled"] = True
    tab["label"] = source.name or _label(tab)
    credentials = newest.credentials if newest else {}
    stored = await service.store(uow, newest, [*there, *coming], credentials, who, message=source.message)
    audit.record(uow, "workflow.imported", "workflow", tab["id"], tab["label"], after={"deploy": stored})
    missing = await _missing(uow, used, source.refers_to)
    return Imported(deploy=stored, flow_id=tab["id"], name=tab["label"], missing=missing)


async def _known_types(uow: UnitOfWork) -> set[str]:
    known = await service.known_types(uow)
    if not known:
        raise NodeTypesUnknown
    return known


async def _things(uow: UnitOfWork, nodes: Sequence[Node]) -> list[Thing]:
    """Return what nodes refer to and is here."""
    ids = documents.uuids(nodes)
    there = await things_repository.named(uow.session, ids)
    return [_thing(id, *there[id]) for id in ids if id in there]


def _thing(id: UUID, kind: str, name: str) -> Thing:
    return Thing.model_validate({"kind": kind, "id": id, "name": name})


async def _missing(uow: UnitOfWork, nodes: Sequence[Node], said: Sequence[Thing]) -> list[Missing]:
    """Return what nodes refer to and is not here, as their origin calls it."""
    ids = documents.uuids(nodes)
    there = await things_repository.named(uow.session, ids)
    known = {thing.id: thing for thing in said}
    return [_gone(id, known.get(id)) for id in ids if id not in there]


def _gone(id: UUID, said: Thing | None) -> Missing:
    return Missing(id=id, kind=said.kind if said else None, name=said.name if said else "")


def _conflicts(name: str, nodes: Sequence[Node], there: Sequence[Node]) -> list[ConflictFound]:
    found = []
    if any(node["type"] == "tab" and _label(node) == name for node in there):
        found.append(ConflictFound(kind="name", detail=name))
    taken = {hook for node in there if (hook := hook_of(node))}
    coming = {hook for node in nodes if (hook := hook_of(node))}
    hooks = sorted(f"{method} /hooks{path}" for method, path in coming & taken)
    return [*found, *(ConflictFound(kind="hook", detail=hook) for hook in hooks)]


def _is_config(node: Node) -> bool:
    return node["type"] not in ("tab", "subflow", "group") and "x" not in node


def _label(node: Node) -> str:
    return str(node.get("label") or node.get("name") or node["type"])[:255]


def _by_id(nodes: Sequence[Node]) -> Mapping[str, Node]:
    return {str(node["id"]): node for node in nodes}


def _new_id() -> str:
    return chance.token_hex(8)  # as Node-RED makes its own


def _places(found: Sequence[Secret]) -> str:
    named = [f"{one.field} of {one.node_name or one.node_type} ({one.node_id})" for one in found[:SHOWN]]
    return ", ".join(named) + (f" and {len(found) - SHOWN} more" if len(found) > SHOWN else "")

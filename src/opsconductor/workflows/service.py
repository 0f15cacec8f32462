"""Use cases of the workflows domain: deploys, run tokens, and what Node-RED keeps."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from opsconductor import audit
from opsconductor.auth.models import User
from opsconductor.auth.principal import Principal
from opsconductor.auth.tokens import RUN_LIFE, Signer
from opsconductor.contracts.workflow import SaveFlows, Snapshot
from opsconductor.hooks import following as hooks
from opsconductor.kit.clock import now
from opsconductor.kit.errors import NotSignedIn
from opsconductor.kit.pagination import Order, Rows, page_of
from opsconductor.kit.unit_of_work import Actor, UnitOfWork
from opsconductor.kit.wire import has_nul
from opsconductor.workflows import differences, flows, repository
from opsconductor.workflows.errors import MalformedFlows, StaleFlows, UnknownNodeType, WorkflowNotFound
from opsconductor.workflows.flows import Node, Tab
from opsconductor.workflows.models import NoderedDeploy, NoderedFlow, NoderedFlowVersion
from opsconductor.workflows.serving import served

KNOWN_TYPES = "known_types"
"""The document with the node types that Node-RED has; a restored or imported flow may not need others."""
SHOWN = 5
"""Names in a sentence, at most."""


async def snapshot(uow: UnitOfWork) -> Snapshot:
    """Return everything Node-RED starts from."""
    deploy = await repository.newest_deploy(uow.session)
    kept = await repository.documents(uow.session, ["settings", "sessions"])
    return Snapshot(
        flows=deploy.flows if deploy else [],
        credentials=deploy.credentials if deploy else {},
        settings=kept.get("settings", {}),
        sessions=kept.get("sessions", {}),
        rev=deploy.number if deploy else 0,
        empty=deploy is None,
    )


async def deploy(uow: UnitOfWork, wanted: SaveFlows, deployer: Principal) -> int:
    """Store a deploy as a new version; every tab that changed runs as its deployer from now on."""
    _refuse_unusable(wanted)
    await repository.lock_deploys(uow.session)
    newest = await repository.newest_deploy(uow.session)
    number = newest.number if newest else 0
    if number != wanted.base_rev:
        who, what = await _in_between(uow, wanted.base_rev)
        raise StaleFlows(who=who, what=what)
    await keep_known_types(uow, wanted.known_types)
    return await store(uow, newest, wanted.flows, wanted.credentials, deployer, via="nodered")


async def store(
    uow: UnitOfWork,
    newest: NoderedDeploy | None,
    wanted: list[Node],
    credentials: dict[str, Any],
    deployer: Principal,
    *,
    message: str = "",
    via: str | None = None,
) -> int:
    """Store flows as the deploy after the newest, and return its number; the caller holds the lock of deploys."""
    assert deployer.user is not None
    before = newest.flows if newest else []
    stored = NoderedDeploy(
        number=newest.number + 1 if newest else 1,
        flows=wanted,
        credentials=credentials,
        sha256=hashlib.sha256(_serialised([wanted, credentials])).hexdigest(),
        user_id=deployer.user.id,
        username=deployer.user.username,
        message=message,
        changes=[asdict(change) for change in differences.of_tabs(before, wanted)],
    )
    uow.session.add(stored)
    who = Actor("user", deployer.user.id, deployer.user.username, via)
    tabs = flows.tabs(wanted, credentials)
    owners = await _store_tabs(uow, tabs, deployer.user, who)
    await hooks.follow(uow, served(tabs), owners, who)
    after = {"sha256": stored.sha256, "message": message}
    audit.record(uow, "workflow.deployed", "deploy", stored.number, actor=who, after=after)
    return stored.number


async def known_types(uow: UnitOfWork) -> set[str]:
    """Return the node types that Node-RED had at its start or the newest deploy, whichever was later."""
    kept = await repository.documents(uow.session, [KNOWN_TYPES])
    return set(kept.get(KNOWN_TYPES, []))


async def keep_known_types(uow: UnitOfWork, types: list[str]) -> None:
    """Keep which node types Node-RED has."""
    await repository.keep_document(uow.session, KNOWN_TYPES, sorted(set(types)))


async def _in_between(uow: UnitOfWork, base: int) -> tuple[str, str]:
    """Return who deployed what since a deploy, in words."""
    since = await repository.deploys_since(uow.session, base)
    people = list(dict.fromkeys(deploy.username for deploy in since))
    tabs = list(
        dict.fromkeys(change["name"] for deploy in since for change in deploy.changes if change["name"])
    )
    return _several(people) or "Somebody", _several(tabs) or "nodes outside of tabs"


def _several(names: list[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return f"{shown} and {len(names) - SHOWN} more" if len(names) > SHOWN else shown


def _refuse_unusable(wanted: SaveFlows) -> None:
    if reason := flows.malformed(wanted.flows):
        raise MalformedFlows(reason=reason)
    if has_nul(wanted.flows) or has_nul(wanted.credentials):
        raise MalformedFlows(reason="they hold the NUL character, which can't be stored")
    refuse_unknown_types(wanted.flows, set(wanted.known_types))


def refuse_unknown_types(wanted: list[Node], known: set[str]) -> None:
    """Refuse flows with nodes that are not installed."""
    if unknown := flows.types_used(wanted) - known:
        raise UnknownNodeType(types=", ".join(sorted(unknown)[:10]))


def _serialised(content: Any) -> bytes:
    """Return JSON as it is stored, or refuse what can't be: halves of characters, numbers beyond 64 bits."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError as error:
        raise MalformedFlows(reason=f"they hold something that can't be stored ({error})") from error


async def _store_tabs(uow: UnitOfWork, tabs: Sequence[Tab], owner: User, who: Actor) -> hooks.Owners:
    """Store each tab that changed as a new version, and return whom every tab runs as from now on."""
    owners: dict[str, UUID | None] = {}
    known = await repository.flows_by_id(uow.session)
    for tab in tabs:
        row = known.get(tab.id)
        if row is not None and row.sha256 == tab.sha256 and row.is_active:
            owners[tab.id] = row.user_id
            continue
        owners[tab.id] = owner.id
        before = {"version": row.version, "sha256": row.sha256} if row else None
        row = _changed(row, tab, owner)
        uow.session.add_all([row, _version(row, owner)])
        after = {"version": row.version, "sha256": row.sha256, "run_as": owner.username}
        audit.record(
            uow, "workflow.changed", "workflow", tab.id, tab.name, before=before, after=after, actor=who
        )
    await uow.session.flush()  # new tabs must be there before the others are retired
    await repository.retire_all_but(uow.session, [tab.id for tab in tabs])
    return owners


def _changed(row: NoderedFlow | None, tab: Tab, owner: User) -> NoderedFlow:
    if row is None:
        row = NoderedFlow(flow_id=tab.id, version=0)
    row.flow_name, row.flow_data, row.sha256 = tab.name, tab.nodes, tab.sha256
    row.user_id, row.is_active = owner.id, True
    row.version += 1
    return row


def _version(row: NoderedFlow, owner: User) -> NoderedFlowVersion:
    return NoderedFlowVersion(
        flow_id=row.flow_id,
        version=row.version,
        flow_name=row.flow_name,
        flow_data=row.flow_data,
        sha256=row.sha256,
        user_id=owner.id,
        username=owner.username,
    )


async def run_token(uow: UnitOfWork, signer: Signer, flow_id: str, run_id: str) -> tuple[str, datetime, User]:
    """Return a short token that acts as the owner of the flow a run started in."""
    owner = await repository.owner_of(uow.session, flow_id)
    if owner is None:
        raise WorkflowNotFound
    if not owner.is_active:
        raise NotSignedIn("The owner of this flow is deactivated; somebody else has to deploy it again.")
    expires_at = now() + RUN_LIFE
    token = signer.sign("run", str(owner.id), expires_at, flow=flow_id, run=run_id)
    return token, expires_at, owner


async def workflows(uow: UnitOfWork, limit: int, cursor: str | None) -> Rows:
    """Return a page of deployed tabs, by name."""
    order = [Order(NoderedFlow.flow_name), Order(NoderedFlow.id)]
    return await page_of(uow.session, repository.workflows(), order, limit, cursor)


async def versions(uow: UnitOfWork, flow_id: str, limit: int, cursor: str | None) -> Rows:
    """Return a page of a tab's versions, newest first."""
    if not await repository.flow_exists(uow.session, flow_id):
        raise WorkflowNotFound
    order = [Order(NoderedFlowVersion.version, descending=True)]
    return await page_of(uow.session, repository.versions(flow_id), order, limit, cursor)


async def deploys(uow: UnitOfWork, limit: int, cursor: str | None, since: int) -> Rows:
    """Return a page of the deploys after a number, newest first."""
    order = [Order(NoderedDeploy.number, descending=True)]
    return await page_of(uow.session, repository.deploys(since), order, limit, cursor)


async def keep(uow: UnitOfWork, name: str, content: Any) -> None:
    """Keep a document for Node-RED."""
    if has_nul(content) or has_nul(name):
        raise MalformedFlows(reason="they hold the NUL character, which can't be stored")
    _serialised(content)
    await repository.keep_document(uow.session, name, content)


async def library_entry(uow: UnitOfWork, kind: str, path: str) -> Any:
    """Return a library file's content, or a folder's entries as Node-RED lists them; an unknown folder is empty."""
    name = f"library/{kind}/{path}".rstrip("/")
    found = await repository.documents(uow.session, [name])
    if name in found:
        return found[name]
    prefix = f"{name}/"
    below = await repository.documents_under(uow.session, prefix)
    return _folder([entry.removeprefix(prefix) for entry in below])


def _folder(paths: Sequence[str]) -> list[Any]:
    folders = sorted({path.split("/")[0] for path in paths if "/" in path})
    return [*folders, *({"fn": path} for path in paths if "/" not in path)]

"""Use cases of going back: to a version of one tab, or to a whole deploy. Each is a deploy of its own."""

from collections.abc import Sequence

from opsconductor import audit
from opsconductor.auth.principal import Principal
from opsconductor.kit.unit_of_work import UnitOfWork
from opsconductor.workflows import repository, service
from opsconductor.workflows.differences import NodeChange, between
from opsconductor.workflows.errors import (
    AlreadyCurrent,
    DeployNotFound,
    WorkflowNotFound,
    WorkflowVersionNotFound,
)
from opsconductor.workflows.flows import Node
from opsconductor.workflows.models import NoderedDeploy, NoderedFlowVersion


async def version(uow: UnitOfWork, flow_id: str, number: int) -> NoderedFlowVersion:
    """Return a tab as it once was deployed."""
    if not await repository.flow_exists(uow.session, flow_id):
        raise WorkflowNotFound
    found = await repository.version(uow.session, flow_id, number)
    if found is None:
        raise WorkflowVersionNotFound
    return found


async def compared(
    uow: UnitOfWork, flow_id: str, before: int, after: int
) -> tuple[NoderedFlowVersion, NoderedFlowVersion, list[NodeChange]]:
    """Return two versions of a tab, and what differs between them."""
    old, new = await version(uow, flow_id, before), await version(uow, flow_id, after)
    return old, new, between(old.flow_data, new.flow_data)


async def deploy(uow: UnitOfWork, number: int) -> NoderedDeploy:
    """Return a deploy."""
    found = await repository.deploy(uow.session, number)
    if found is None:
        raise DeployNotFound
    return found


async def describe(uow: UnitOfWork, number: int, message: str) -> NoderedDeploy:
    """Say what a deploy was for, and return it."""
    found = await deploy(uow, number)
    before, found.message = found.message, message
    audit.record(
        uow, "workflow.described", "deploy", number, before={"message": before}, after={"message": message}
    )
    return found


async def restore_tab(uow: UnitOfWork, flow_id: str, number: int, who: Principal) -> int:
    """Make a version of a tab the present one, and return the number of the deploy that did.

    Config nodes and subflows that it uses come along where they are gone; those that are there are left as they are, as
    other tabs use them too.
    """
    wanted = await version(uow, flow_id, number)
    newest = await _newest(uow)
    flows = with_tab(newest.flows, flow_id, wanted.flow_data)
    message = f"Restored version {number} of {wanted.flow_name}"
    after = {"version": number}
    stored = await _store(uow, newest, flows, newest, message, who)
    audit.record(uow, "workflow.restored", "workflow", flow_id, wanted.flow_name, after=after)
    return stored


async def restore_deploy(uow: UnitOfWork, number: int, who: Principal) -> int:
    """Make a whole deploy, with the credentials of its nodes, the present one; return the number it has now."""
    wanted = await deploy(uow, number)
    newest = await _newest(uow)
    stored = await _store(uow, newest, wanted.flows, wanted, f"Restored deploy {number}", who)
    audit.record(uow, "workflow.restored", "deploy", number, after={"deploy": stored})
    return stored


def with_tab(flows: Sequence[Node], flow_id: str, wanted: Sequence[Node]) -> list[Node]:
    """Return flows in which a tab is as wanted; in its old place where it has one, else the last.

    A node that was moved to another tab since comes back from there.
    """
    rank = {
        node["id"]: number for number, node in enumerate(flows)
    }  # a version has its nodes in order of their ids
    own = [node for node in wanted if flow_id in (node["id"], node.get("z"))]
    own.sort(key=lambda node: -1 if node["id"] == flow_id else rank.get(node["id"], len(flows)))
    coming = {node["id"] for node in own}
    place = next((i for i, node in enumerate(flows) if node["id"] == flow_id), len(flows))
    stays = [flow_id not in (node["id"], node.get("z")) and node["id"] not in coming for node in flows]
    kept = [node for node, here in zip(flows, stays, strict=True) if here]
    there = coming | {node["id"] for node in kept}
    missing = [node for node in wanted if node["id"] not in there]
    at = sum(stays[:place])
    return [*kept[:at], *own, *missing, *kept[at:]]


async def _newest(uow: UnitOfWork) -> NoderedDeploy:
    await repository.lock_deploys(uow.session)
    newest = await repository.newest_deploy(uow.session)
    if newest is None:
        raise DeployNotFound
    return newest


async def _store(
    uow: UnitOfWork,
    newest: NoderedDeploy,
    flows: list[Node],
    credentials_of: NoderedDeploy,
    message: str,
    who: Principal,
) -> int:
    if flows == newest.flows and credentials_of.credentials == newest.credentials:
        raise AlreadyCurrent
    service.refuse_unknown_types(flows, await service.known_types(uow))
    return await service.store(uow, newest, flows, credentials_of.credentials, who, message=message)

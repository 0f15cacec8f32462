"""From claims to operations: looks up what to run, where, and with which sign-in."""

from collections.abc import Sequence

from pydantic import TypeAdapter
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.actions import Action
from opsconductor.credentials.service import login_of
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.protocol_repository import Claim, Plan
from opsconductor.executions.site import Operation
from opsconductor.targets import repository as targets
from opsconductor.targets.models import Target
from opsconductor.transports.base import Endpoint, HostKeyCheck

GONE = ("skipped", "target_removed", "The target was deleted after the execution was accepted.")
NOT_ACTIVE = "The target's status is {status}: nothing is run on it."
NO_CREDENTIAL = ("failed", "credential_missing", "The target has no credential; choose one for it.")
SEALED = (
    "failed",
    "credential_sealed",
    "The credential can't be opened with this installation's SECRET_KEY; enter its secret again.",
)
ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(list[Action])
NOT_SSH = ("skipped", "transport_unknown", "This version reaches targets by SSH only.")


async def prepared(session: AsyncSession, claims: Sequence[Claim], vault: Vault) -> list[Operation]:
    """Return an operation for each claim: three statements, however many claims."""
    plans = await protocol.plans_of(session, {claim.execution_id for claim in claims})
    fleet = await targets.targets_by_id(session, [claim.target_id for claim in claims])
    actions = {id: ACTIONS.validate_python(plan.actions) for id, plan in plans.items()}
    return [
        _operation(
            claim, plans[claim.execution_id], actions[claim.execution_id], fleet.get(claim.target_id), vault
        )
        for claim in claims
    ]


def _operation(
    claim: Claim, plan: Plan, actions: Sequence[Action], target: Target | None, vault: Vault
) -> Operation:
    operation = Operation(claim, actions, claim.first_action, seconds=plan.target_seconds)
    operation.problem = GONE if target is None else problem_of(target)
    if target is not None and operation.problem is None:
        _equip(operation, target, vault)
    return operation


def problem_of(target: Target) -> tuple[str, str, str] | None:
    """Return why nothing would be run on a target (status, code, sentence), or None."""
    if target.status != "active":
        return ("skipped", "target_not_active", NOT_ACTIVE.format(status=target.status))
    if target.transport != "ssh":
        return NOT_SSH
    return NO_CREDENTIAL if target.credential is None else None


def _equip(operation: Operation, target: Target, vault: Vault) -> None:
    assert target.credential is not None
    try:
        operation.login = login_of(target.credential, vault)
    except SealBroken:
        operation.problem = SEALED
        return
    operation.secrets = operation.login.secrets
    operation.become_password = operation.login.password
    operation.posix = target.os_type != "windows"
    operation.endpoint = Endpoint(target.host, target.port)
    accept_new = target.host_key_policy == "pin-on-first-use"
    operation.host_key = HostKeyCheck(target.host_key, accept_new=accept_new)

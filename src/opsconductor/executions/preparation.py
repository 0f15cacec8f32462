"""From claims to operations: looks up what to run, where, and with which sign-in."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.actions import CommandAction, CommandParameters
from opsconductor.credentials.service import login_of
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.operation import Operation
from opsconductor.executions.protocol_repository import Claim
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
NOT_SSH = ("skipped", "transport_unknown", "This version reaches targets by SSH only.")


async def prepared(session: AsyncSession, claims: Sequence[Claim], vault: Vault) -> list[Operation]:
    """Return an operation for each claim: three statements, however many claims."""
    actions = await protocol.actions_of(session, {claim.execution_id for claim in claims})
    fleet = await targets.targets_by_id(session, [claim.target_id for claim in claims])
    parameters = {id: _parameters(found) for id, found in actions.items()}
    return [
        _operation(claim, parameters[claim.execution_id], fleet.get(claim.target_id), vault)
        for claim in claims
    ]


def _parameters(actions: list[dict[str, object]]) -> CommandParameters:
    return CommandAction.model_validate(actions[0]).action_parameters


def _operation(claim: Claim, parameters: CommandParameters, target: Target | None, vault: Vault) -> Operation:
    operation = Operation(claim, parameters)
    if target is None:
        operation.problem = GONE
    elif target.status != "active":
        operation.problem = ("skipped", "target_not_active", NOT_ACTIVE.format(status=target.status))
    elif target.transport != "ssh":
        operation.problem = NOT_SSH
    elif target.credential is None:
        operation.problem = NO_CREDENTIAL
    else:
        _equip(operation, target, vault)
    return operation


def _equip(operation: Operation, target: Target, vault: Vault) -> None:
    assert target.credential is not None
    try:
        operation.login = login_of(target.credential, vault)
    except SealBroken:
        operation.problem = SEALED
        return
    operation.secrets = operation.login.secrets
    operation.endpoint = Endpoint(target.host, target.port)
    accept_new = target.host_key_policy == "pin-on-first-use"
    operation.host_key = HostKeyCheck(target.host_key, accept_new=accept_new)

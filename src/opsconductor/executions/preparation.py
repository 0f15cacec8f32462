"""From claims to operations: looks up what to run, where, and with which sign-in."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import structlog
from pydantic import SecretStr, TypeAdapter, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from opsconductor.contracts.actions import Action
from opsconductor.credentials.service import Logins
from opsconductor.credentials.vault import SealBroken, Vault
from opsconductor.executions import bring
from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.given import opened
from opsconductor.executions.protocol_repository import Claim, Plan
from opsconductor.executions.site import Operation
from opsconductor.targets import repository as targets
from opsconductor.targets.models import Target
from opsconductor.targets.way import NoCredential, way_to

log = structlog.get_logger()

GONE = ("skipped", "target_removed", "The target was deleted after the execution was accepted.")
NOT_ACTIVE = "The target's status is {status}: nothing is run on it."
NO_CREDENTIAL = ("failed", "credential_missing", "The target has no credential; choose one for it.")
HOP_WITHOUT = "{name} has no credential; choose one for it."
SEALED = (
    "failed",
    "credential_sealed",
    "The credential can't be opened with this installation's SECRET_KEY; enter its secret again.",
)
ACTIONS: TypeAdapter[list[Action]] = TypeAdapter(list[Action])
SECRETS_SEALED = (
    "failed",
    "secrets_unreadable",
    "The secret values can't be opened with this installation's SECRET_KEY; start the execution anew.",
)
UNREADABLE = (
    "failed",
    "actions_unreadable",
    "This version does not know these actions; it may be older than the one that accepted them.",
)
NOT_SSH = ("skipped", "transport_unknown", "This version reaches targets by SSH only.")


async def prepared(session: AsyncSession, claims: Sequence[Claim], vault: Vault) -> list[Operation]:
    """Return an operation for each claim: three statements, or four where there are jump hosts, however many claims."""
    plans = await protocol.plans_of(session, {claim.execution_id for claim in claims})
    fleet = await targets.targets_by_id(session, [claim.target_id for claim in claims])
    jump_hosts = await targets.jump_hosts_of(session, fleet.values())
    actions = {id: _actions(plan) for id, plan in plans.items()}
    secrets = {id: _secrets(id, plan, vault) for id, plan in plans.items()}
    logins, operations = Logins(vault), []
    for claim in claims:
        plan, target = plans[claim.execution_id], fleet.get(claim.target_id)
        operation = Operation(
            claim, actions[claim.execution_id], claim.first_action, seconds=plan.target_seconds
        )
        operation.detached = plan.mode == "detached"
        hidden = secrets[claim.execution_id]
        operation.variables = {**plan.variables, **(hidden or {})}
        bring.plan(operation, plan.files)
        operation.problem = GONE if target is None else problem_of(target)
        if not operation.actions:
            operation.problem = UNREADABLE
        if hidden is None:
            operation.problem = SECRETS_SEALED
        if target is not None and operation.problem is None:
            _equip(operation, target, jump_hosts, logins)
            operation.secrets += [SecretStr(text) for text in (hidden or {}).values() if text]
        operations.append(operation)
    return operations


def _actions(plan: Plan) -> list[Action]:
    """Return what an execution does; nothing where it was accepted by a version that knew other actions."""
    try:
        return ACTIONS.validate_python(plan.actions)
    except ValidationError as error:
        log.error("execution.actions_unreadable", problems=error.error_count())
        return []


def _secrets(execution_id: UUID, plan: Plan, vault: Vault) -> dict[str, str] | None:
    """Open the secret variables of an execution; None where they can't be."""
    try:
        return opened(execution_id, plan.secret_variables, vault)
    except SealBroken:
        return None


def problem_of(target: Target) -> tuple[str, str, str] | None:
    """Return why nothing would be run on a target (status, code, sentence), or None."""
    if target.status != "active":
        return ("skipped", "target_not_active", NOT_ACTIVE.format(status=target.status))
    if target.transport != "ssh":
        return NOT_SSH
    return NO_CREDENTIAL if target.credential is None else None


def _equip(operation: Operation, target: Target, jump_hosts: Mapping[UUID, Target], logins: Logins) -> None:
    try:
        way = way_to(target, jump_hosts, logins)
    except NoCredential as missing:
        operation.problem = ("failed", "credential_missing", HOP_WITHOUT.format(name=missing.name))
        return
    except SealBroken:
        operation.problem = SEALED
        return
    operation.way = way
    operation.secrets = [
        secret for login in (way.login, *(hop.login for hop in way.via)) for secret in login.secrets
    ]
    operation.become_password = way.login.become_password or way.login.password
    operation.posix = target.os_type != "windows"

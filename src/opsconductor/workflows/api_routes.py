"""The workflow API: what flows ask of the core, through the bridge, and scripts with a token."""

from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response

from opsconductor.auth.errors import PermissionMissing
from opsconductor.auth.guard import caller_of
from opsconductor.auth.models import User
from opsconductor.auth.policy import FLOW_RUN
from opsconductor.auth.principal import Principal, of_user
from opsconductor.auth.routes import Current, Gate
from opsconductor.auth.service import sign_in
from opsconductor.auth.token_service import make_by_password
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.contracts.workflow import (
    WorkflowAccepted,
    WorkflowAuth,
    WorkflowExecute,
    WorkflowResults,
    WorkflowState,
    WorkflowTarget,
    WorkflowTargets,
    WorkflowTokenOut,
    WorkflowUser,
)
from opsconductor.credentials.routes import OpenVault
from opsconductor.executions import service as execution_service
from opsconductor.executions.routes import Admit, Look, Wait, cancelled
from opsconductor.executions.schemas import ExecutionOut, NewExecution
from opsconductor.executions.service import Place
from opsconductor.kit.access import allowed, public
from opsconductor.kit.branch import Branch
from opsconductor.kit.callers import ISSUED
from opsconductor.kit.http import say_with_answer
from opsconductor.kit.requests import IdempotencyKey, OnlyKnown, Uow, origin_of
from opsconductor.kit.unit_of_work import UnitsOfWork
from opsconductor.targets import repository as targets
from opsconductor.targets.routes import Wanted
from opsconductor.workflows import service
from opsconductor.workflows.errors import GrantMissing
from opsconductor.workflows.views import workflow_results_json

router = Branch(prefix="/workflow", tags=["workflow API"])


@router.get("/targets", response_model=WorkflowTargets)
@allowed("targets.read")
async def workflow_targets(uow: Uow, wanted: Wanted) -> Response:
    """Return all targets that match, by name."""
    shown, total = await targets.all_matching_as_json(uow.session, wanted, WorkflowTarget.model_fields)
    rest = orjson.dumps({"total": total, "filters_applied": wanted.model_dump(exclude_none=True)})
    return Response(b'{"targets":' + shown.encode() + b"," + rest[1:], media_type="application/json")


@router.get("/caller", status_code=204, include_in_schema=False)
@allowed("targets.read")
async def workflow_caller() -> None:
    """Say who asks, as every answer does, and that they may see targets; the bridge has the list."""


@router.post("/execute", status_code=202)
@allowed("executions.run")
async def workflow_execute(
    wanted: WorkflowExecute,
    uow: Uow,
    current: Current,
    admission: Admit,
    vault: OpenVault,
    idempotency_key: IdempotencyKey = None,
    only_known: OnlyKnown = None,
) -> WorkflowAccepted:
    """Accept something to run; the same Idempotency-Key gives the same execution, with `If-Match: *` only that."""
    new = NewExecution(
        name=wanted.name,
        description=wanted.description,
        actions=wanted.actions,
        target_ids=wanted.target_ids,
        parameters=wanted.parameters,
        values=wanted.values,
        strategy=wanted.strategy,
        mode=wanted.mode,
    )
    place = _place(wanted, current)
    execution = await execution_service.accept(
        uow, new, admission, vault, key=idempotency_key, only_known=only_known is not None, place=place
    )
    return WorkflowAccepted(
        execution_id=execution.id,
        status=execution.status,
        target_count=execution.target_count,
        deadline_at=execution.deadline_at,
    )


def _place(wanted: WorkflowExecute, current: Principal) -> Place | None:
    context = wanted.workflow_context
    if context is None:
        return None
    flow_id = (
        current.flow_id or context.node_red_flow_id
    )  # what the token proves counts more than what is said
    return Place(flow_id, context.node_id, context.node_name, context.run_id)


@router.get("/results/{execution_id}", response_model=WorkflowResults)
@allowed("executions.read")
async def workflow_results(execution_id: UUID, look: Look, wait: Wait = 0, output: bool = True) -> Response:
    """Return an execution with the results of all its targets; with `wait`, once it has ended."""
    if wait:
        await look.until_ended(execution_id, wait)
    seen = await look.results_for_flows(execution_id, output=output)
    shown = await workflow_results_json(seen.results, look.folder, output=output)
    execution = seen.execution
    found = {
        "execution_id": execution_id,
        "status": execution.execution_status,
        "terminal": execution.execution_status in TERMINAL,
        "target_count": execution.target_count,
        "counts": seen.counts,
        "results": orjson.Fragment(shown),
        "execution_time": execution.execution_seconds,
    }
    return Response(orjson.dumps(found), media_type="application/json")


@router.get("/state/{execution_id}")
@allowed("executions.read")
async def workflow_state(execution_id: UUID, look: Look) -> WorkflowState:
    """Return where an execution stands, without its results."""
    return _state(await look.look(execution_id))


@router.post("/cancel/{execution_id}", status_code=202)
@allowed("executions.cancel")
async def workflow_cancel(execution_id: UUID, request: Request) -> WorkflowState:
    """Ask for the end of an execution."""
    return _state(await cancelled(request, execution_id))


@router.post("/auth")
@public
async def workflow_auth(wanted: WorkflowAuth, request: Request, gate: Gate) -> WorkflowTokenOut:
    """Give a token for the workflow API: to a person, or to Node-RED for one run of a flow."""
    units: UnitsOfWork = request.app.state.units
    async with units.begin(origin=origin_of(request)) as uow:
        if wanted.username and wanted.password:
            user = await sign_in(uow, wanted.username, wanted.password.get_secret_value())
            token, expires_at = await make_by_password(uow, user)
        elif wanted.flow_id and wanted.run_id:
            await _may_make_run_tokens(request, gate)
            token, expires_at, user = await service.run_token(uow, gate.signer, wanted.flow_id, wanted.run_id)
        else:
            raise GrantMissing
    owner = of_user(user, scopes=FLOW_RUN, flow_id=wanted.flow_id)
    say_with_answer(request, {ISSUED: str(caller_of(owner))})
    return WorkflowTokenOut(token=token, expires_at=expires_at, user=_user(user))


async def _may_make_run_tokens(request: Request, gate: Gate) -> None:
    caller = await gate.principal_of(request)
    if "run_tokens.create" not in caller.permissions:
        raise PermissionMissing(permission="run_tokens.create")


@router.get("/health")
@public
async def workflow_health() -> dict[str, str]:
    """Tell that the workflow API answers."""
    return {"status": "ok"}


def _user(user: User) -> WorkflowUser:
    return WorkflowUser(id=user.id, username=user.username, role=user.role)


def _state(execution: ExecutionOut) -> WorkflowState:
    return WorkflowState(
        execution_id=execution.id,
        status=execution.status,
        terminal=execution.status in TERMINAL,
        counts=execution.counts,
    )

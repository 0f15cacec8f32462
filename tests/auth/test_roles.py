"""Roles x operations: every route is called as everybody, and compared with the one table."""

import re
from datetime import timedelta
from types import SimpleNamespace
from uuid import UUID

import httpx
import pytest
from fastapi import APIRouter, Depends
from tests.auth.operations import TABLE, Operation, operations
from tests.support.core import Core, serving

from opsconductor.apps.core import create_app
from opsconductor.auth.guard import guard
from opsconductor.auth.policy import (
    EDITOR_TICKET,
    FLOW_RUN,
    NODERED_INSTANCE,
    PERMISSIONS,
    ROLES,
    SERVICES,
    permissions_of,
)
from opsconductor.auth.service import open_session_for
from opsconductor.auth.token_service import make_by_password
from opsconductor.auth.tokens import ACCESS_LIFE
from opsconductor.kit.access import PUBLIC, public
from opsconductor.kit.clock import now
from opsconductor.kit.http import service_app
from opsconductor.kit.keys import derive
from opsconductor.kit.settings import Settings

PUBLIC_OPERATIONS = {
    "GET /health",
    "GET /api/v3/setup",
    "POST /api/v3/setup",
    "POST /api/v3/auth/login",
    "POST /api/workflow/auth",
    "GET /api/workflow/health",
}
BESIDE_THE_GUARD = {"GET /metrics"}
"""For Prometheus; the proxy does not lead there."""


RULED = [operation for operation in TABLE if operation.rule not in (None, PUBLIC)]


def test_the_table_of_operations_is_the_whole_api() -> None:
    document = create_app(Settings.model_construct(enable_workflow_api=True)).openapi()
    documented = {f"{m.upper()} {path}" for path, methods in document["paths"].items() for m in methods}

    assert documented <= {str(operation) for operation in TABLE}
    assert len(documented) > 30


def test_the_public_operations_are_exactly_these() -> None:
    assert {str(operation) for operation in TABLE if operation.rule == PUBLIC} == PUBLIC_OPERATIONS


def test_every_other_operation_has_a_rule() -> None:
    assert {str(operation) for operation in TABLE if operation.rule is None} == BESIDE_THE_GUARD


def test_every_rule_is_in_the_table_of_permissions() -> None:
    assert {operation.rule for operation in RULED} <= set(PERMISSIONS)


def test_every_permission_is_used_by_an_operation() -> None:
    inside = {"run_tokens.create", "workflow_tokens.of_others"}  # of a flow's run, and of who lists tokens
    inside |= {"notifications.allow_private"}  # of who leads a channel into the own network
    inside |= {"templates.of_others"}  # of who sees and changes templates
    inside |= {"calendars.override"}  # of who begins something outside of windows
    inside |= {"hooks.open"}  # of who lets everybody use a hook

    assert set(PERMISSIONS) - inside == {operation.rule for operation in RULED}


def test_only_services_may_what_is_internal_to_them() -> None:
    internal = {o.rule for o in RULED if o.path.startswith("/internal/")} - {"session.read"}

    assert {PERMISSIONS[rule] for rule in internal} == {SERVICES}


async def _session(core: Core, role: str) -> SimpleNamespace:
    """Return what a fresh sign-in of somebody with this role gives; without a password, which takes long."""
    wanted = {"username": f"a-{role}-{now().timestamp()}", "role": role}
    user_id = (await core.admin.post("/users", json=wanted)).json()["id"]
    async with core.app.state.units.begin() as uow:
        cookie, opened = await open_session_for(uow, UUID(user_id), hours=1)
        workflow_token, _ = await make_by_password(uow, opened.user)
    sign = core.app.state.guard.signer.sign
    ends = now() + ACCESS_LIFE
    return SimpleNamespace(
        access=sign("access", user_id, ends, sid=str(opened.id)),
        editor=sign("editor", user_id, ends, sid=str(opened.id)),
        workflow=workflow_token,
        cookie=cookie,
    )


class Caller:
    """Calls operations without anything that they need, but with a token or cookie."""

    def __init__(self, client: httpx.AsyncClient, url: str) -> None:
        self.client, self.url = client, url

    async def status(self, operation: Operation, token: str | None = None, cookie: str | None = None) -> int:
        path = re.sub(r"\{[^}]*\}", "01a20c06-c4c1-742b-b37f-ba80e5e35788", operation.path)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if cookie:
            headers["Cookie"] = f"opsc_session={cookie}"
        answer = await self.client.request(operation.method, self.url + path, headers=headers)
        return answer.status_code


@pytest.fixture(scope="module")
async def call(core: Core) -> Caller:
    return Caller(await core.client(), core.url)


@pytest.mark.parametrize("operation", RULED, ids=str)
async def test_nobody_may(call: Caller, operation: Operation) -> None:
    assert await call.status(operation) == 401


@pytest.fixture(scope="module")
async def sessions(core: Core) -> dict[str, SimpleNamespace]:
    return {role: await _session(core, role) for role in ROLES}


@pytest.mark.parametrize("operation", RULED, ids=str)
async def test_the_roles_that_may_are_those_of_the_table(
    core: Core, call: Caller, sessions: dict[str, SimpleNamespace], operation: Operation
) -> None:
    if operation.path.endswith("/logout"):
        sessions = {role: await _session(core, role) for role in ROLES}
    by_cookie = operation.path.endswith("/auth/token")  # only a browser may have another token
    proofs = {
        role: {"cookie": its.cookie} if by_cookie else {"token": its.access} for role, its in sessions.items()
    }
    answers = {role: await call.status(operation, **proof) for role, proof in proofs.items()}

    assert 401 not in answers.values()
    assert {role for role, status in answers.items() if status != 403} == PERMISSIONS[operation.rule or ""]


@pytest.mark.parametrize("operation", RULED, ids=str)
async def test_tokens_for_one_purpose_are_good_for_no_other(
    core: Core, call: Caller, sessions: dict[str, SimpleNamespace], operation: Operation
) -> None:
    ends = operation.path.endswith("/logout")
    its = await _session(core, "administrator") if ends else sessions["administrator"]
    nodered = derive(core.settings.secret_key.get_secret_value(), "nodered-instance").hex()
    bearers = {
        "editor": (its.editor, EDITOR_TICKET & permissions_of("administrator")),
        "workflow": (its.workflow, FLOW_RUN & permissions_of("administrator")),
        "nodered": (nodered, NODERED_INSTANCE),
    }
    answers = {name: await call.status(operation, token) for name, (token, _) in bearers.items()}

    may = {name for name, status in answers.items() if status != 403}
    assert may == {name for name, (_, rights) in bearers.items() if operation.rule in rights}


async def test_a_route_without_a_rule_is_refused_to_everybody(core: Core) -> None:
    app = service_app("forgotten")
    app.state.guard = core.app.state.guard
    root = APIRouter(dependencies=[Depends(guard)])

    @root.get("/forgotten")
    async def forgotten() -> str:
        return "everything"

    @root.get("/open")
    @public
    async def open_to_all() -> str:
        return "little"

    app.include_router(root)
    async with serving(app) as url, httpx.AsyncClient(base_url=url) as client:
        client.headers["Authorization"] = core.admin.headers["Authorization"]
        answers = [await client.get(path) for path in ("/forgotten", "/open")]

    assert [answer.status_code for answer in answers] == [403, 200]


async def test_without_the_workflow_api_its_routes_are_not_there() -> None:
    app = create_app(Settings.model_construct(enable_workflow_api=False))

    assert not [str(o) for o in operations(app) if o.path.startswith("/api/workflow/")]


async def test_the_sign_in_tells_what_the_role_may(core: Core, sessions: dict[str, SimpleNamespace]) -> None:
    for role in ROLES:
        client = await core.client((await _session(core, role)).access)
        me = (await client.get("/auth/me")).json()["user"]

        assert (me["role"], me["permissions"]) == (role, sorted(permissions_of(role)))


def test_an_access_token_is_short() -> None:
    assert timedelta(minutes=15) >= ACCESS_LIFE

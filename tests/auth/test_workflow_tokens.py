"""Workflow tokens that people make: D5 of the corrections, and everything that ends one."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from structlog.testing import capture_logs
from tests.support.core import PASSWORD, Core, every_row
from tests.support.registered import add_target, command_on

from opsconductor.auth.policy import FLOW_RUN, PERMISSIONS, ROLES, WORKFLOW_TOKEN, permissions_of
from opsconductor.auth.tokens import digest
from opsconductor.kit.clock import now

FLOW = "a1b2c3d4e5f60718"
ALL = sorted(WORKFLOW_TOKEN)
NOTING = (
    "create table uses (token uuid)",
    """create function note_use() returns trigger language plpgsql as $$
    begin insert into uses values (new.id); return null; end $$""",
    "create trigger noted after update on workflow_tokens for each row execute function note_use()",
)


@dataclass
class Made:
    """A token as its maker got it, and a client of the workflow API that has it."""

    shown: dict[str, Any]
    api: httpx.AsyncClient
    owner: httpx.AsyncClient

    @property
    def token(self) -> str:
        return str(self.shown["token"])

    async def targets(self, **headers: str) -> int:
        return (await self.api.get("/targets", headers=headers)).status_code

    async def revoke(self) -> httpx.Response:
        return await self.owner.delete(f"/workflow-tokens/{self.shown['id']}")

    async def row(self, core: Core) -> dict[str, Any]:
        """Return what the database has of it."""
        query = text("select * from workflow_tokens where id = :id")
        async with core.app.state.units.sessions() as session:
            return dict((await session.execute(query, {"id": self.shown["id"]})).mappings().one())


async def _asked(owner: httpx.AsyncClient, **more: Any) -> httpx.Response:
    body = {"name": "nightly report", "scopes": ["targets.read"], **more}
    return await owner.post("/workflow-tokens", json=body)


async def _make(core: Core, owner: httpx.AsyncClient, **more: Any) -> Made:
    answer = await _asked(owner, **more)
    assert answer.status_code == 201, answer.text
    api = await core.client(answer.json()["token"])
    api.base_url = httpx.URL(f"{core.url}/api/workflow")
    return Made(answer.json(), api, owner)


async def _execute(sql: str, core: Core, **values: object) -> None:
    async with core.app.state.units.sessions() as session:
        await session.execute(text(sql), values)
        await session.commit()


async def _id_of(client: httpx.AsyncClient) -> str:
    return str((await client.get("/auth/me")).json()["user"]["id"])


@pytest.fixture(scope="module")
async def olga(core: Core) -> httpx.AsyncClient:
    """An operator."""
    return await core.user("operator", "olga")


@pytest.fixture(scope="module")
async def target(core: Core) -> dict[str, Any]:
    return await add_target(core, "somewhere", 9, None)


async def test_d5_a_token_has_a_prefix_a_name_scopes_a_flow_and_an_end(
    core: Core, olga: httpx.AsyncClient
) -> None:
    wanted = {"scopes": ["executions.read", "targets.read", "targets.read"], "flow_id": FLOW}
    shown = (await _make(core, olga, **wanted, expires_in_days=7)).shown

    assert shown["token"].startswith(shown["prefix"])
    assert shown["prefix"].startswith("opsc_wt_")
    assert (shown["name"], shown["flow_id"], shown["state"]) == ("nightly report", FLOW, "active")
    assert shown["scopes"] == ["executions.read", "targets.read"]
    assert shown["owner"] == {"id": await _id_of(olga), "username": "olga", "is_active": True}
    life = datetime.fromisoformat(shown["expires_at"]) - now()
    assert timedelta(days=6, hours=23) < life <= timedelta(days=7)


async def test_d5_only_the_sha_256_of_256_random_bits_is_kept(core: Core, olga: httpx.AsyncClient) -> None:
    made = await _make(core, olga)
    secret = made.token.removeprefix("opsc_wt_")

    assert bytes((await made.row(core))["token_hash"]) == digest(made.token)
    assert len(digest(made.token)) == 32
    assert len(secret) == 43  # 256 bits in base64


async def test_d5_its_use_is_noted_at_most_once_a_minute(core: Core, olga: httpx.AsyncClient) -> None:
    made = await _make(core, olga)
    for statement in NOTING:
        await _execute(statement, core)

    async def uses() -> int:
        count = text("select count(*) from uses where token = :id")
        async with core.app.state.units.sessions() as session:
            return int(await session.scalar(count, {"id": made.shown["id"]}) or 0)

    answers = await asyncio.gather(*(made.targets() for _ in range(10)))
    answers += [await made.targets() for _ in range(10)]
    in_the_first_minute = await uses()
    earlier = "update workflow_tokens set last_used_at = now() - interval '61 seconds' where id = :id"
    await _execute(earlier, core, id=made.shown["id"])
    await made.targets()
    await made.targets()
    await _execute("drop trigger noted on workflow_tokens", core)

    assert set(answers) == {200}
    assert in_the_first_minute == 1
    assert await uses() == 3  # ours that moved the clock, and one of two uses


async def test_d5_a_token_can_do_what_its_scopes_say_and_no_more(
    core: Core, olga: httpx.AsyncClient, target: dict[str, Any]
) -> None:
    reads, runs = await _make(core, olga), await _make(core, olga, scopes=["executions.run"])
    body = command_on([target["id"]], "true")

    assert (await reads.targets(), await runs.targets()) == (200, 403)
    answers = [(await made.api.post("/execute", json=body)).status_code for made in (reads, runs)]
    assert answers == [403, 202]


async def test_d5_a_token_of_one_flow_is_good_for_calls_that_name_it_alone(
    core: Core, olga: httpx.AsyncClient
) -> None:
    made = await _make(core, olga, flow_id=FLOW)
    refused = await made.api.get("/targets", headers={"X-OpsConductor-Flow": "another"})

    assert await made.targets(**{"X-OpsConductor-Flow": FLOW}) == 200
    assert await made.targets() == 403
    assert (refused.status_code, refused.json()["code"]) == (403, "token_of_another_flow")
    assert (await made.api.get(f"{core.url}/api/v3/auth/me")).status_code == 403


async def test_d5_a_token_without_a_flow_is_good_for_every_flow(core: Core, olga: httpx.AsyncClient) -> None:
    made = await _make(core, olga)

    assert [await made.targets(), await made.targets(**{"X-OpsConductor-Flow": "any"})] == [200, 200]


async def test_what_a_flows_token_runs_is_that_flows(
    core: Core, olga: httpx.AsyncClient, target: dict[str, Any]
) -> None:
    made = await _make(core, olga, scopes=["executions.run"], flow_id=FLOW)
    body = command_on([target["id"]], "true") | {"workflow_context": {"node_red_flow_id": "another"}}
    headers = {"X-OpsConductor-Flow": FLOW}
    id = (await made.api.post("/execute", json=body, headers=headers)).json()["execution_id"]
    execution = (await core.admin.get(f"/executions/{id}")).json()
    [entry] = (await core.admin.get("/audit", params={"object_id": id})).json()["items"]

    assert (execution["workflow"]["flow_id"], execution["created_by"]["username"]) == (FLOW, "olga")
    assert entry["actor"]["via"] == f"token:{made.shown['prefix']}"


async def _revoked(core: Core, made: Made) -> None:
    assert (await made.revoke()).status_code == 204


async def _revoked_by_an_administrator(core: Core, made: Made) -> None:
    assert (await core.admin.delete(f"/workflow-tokens/{made.shown['id']}")).status_code == 204


async def _expired(core: Core, made: Made) -> None:
    over = "update workflow_tokens set expires_at = now() - interval '1 second' where id = :id"
    await _execute(over, core, id=made.shown["id"])


async def _owner_deactivated(core: Core, made: Made) -> None:
    owner = made.shown["owner"]["id"]
    assert (await core.admin.patch(f"/users/{owner}", json={"is_active": False})).is_success


ENDS: dict[str, Callable[[Core, Made], Awaitable[None]]] = {
    "it is revoked": _revoked,
    "an administrator revokes it": _revoked_by_an_administrator,
    "it has expired": _expired,
    "its owner is deactivated": _owner_deactivated,
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
async def test_d5_a_token_is_refused_at_once_after(
    core: Core, end: Callable[[Core, Made], Awaitable[None]]
) -> None:
    made = await _make(core, await core.user("operator"))
    before = await made.targets()
    await end(core, made)

    assert (before, await made.targets()) == (200, 401)


async def test_d5_an_owner_who_lost_the_role_takes_it_from_the_token(
    core: Core, target: dict[str, Any]
) -> None:
    owner = await core.user("operator")
    made = await _make(core, owner, scopes=["executions.run", "targets.read"])
    await core.admin.patch(f"/users/{made.shown['owner']['id']}", json={"role": "viewer"})
    answer = await made.api.post("/execute", json=command_on([target["id"]], "true"))

    assert (answer.status_code, await made.targets()) == (403, 200)


@pytest.mark.parametrize("role", ROLES)
async def test_d5_nobody_gives_a_token_more_than_the_role_allows(core: Core, role: str) -> None:
    owner = await core.user(role)
    mine = sorted(WORKFLOW_TOKEN & permissions_of(role))
    most = await _asked(owner, scopes=mine)
    beyond = await _asked(owner, scopes=ALL)

    assert most.status_code == 201
    if mine == ALL:
        assert beyond.status_code == 201
    else:
        assert (beyond.status_code, beyond.json()["code"]) == (422, "scope_not_allowed")
        assert beyond.json()["errors"][0]["field"] == "scopes"
        assert "executions.run" in beyond.json()["detail"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "no name": ({"name": "  "}, "name"),
    "a name too long": ({"name": "x" * 101}, "name"),
    "NUL in the name": ({"name": "a\0b"}, "name"),
    "no scope": ({"scopes": []}, "scopes"),
    "an unknown scope": ({"scopes": ["targets.read", "everything"]}, "scopes.1"),
    "a scope that no flow ever has": ({"scopes": ["users.write"]}, "scopes.0"),
    "scopes without end": ({"scopes": ["targets.read"] * 51}, "scopes"),
    "a life too long": ({"expires_in_days": 366}, "expires_in_days"),
    "an end in the past": ({"expires_in_days": -1}, "expires_in_days"),
    "no life at all": ({"expires_in_days": 0}, "expires_in_days"),
    "a flow that fits no header": ({"flow_id": "an id"}, "flow_id"),
    "an empty flow": ({"flow_id": ""}, "flow_id"),
    "a flow too long": ({"flow_id": "f" * 256}, "flow_id"),
    "a key nobody knows": ({"forever": True}, "forever"),
}


@pytest.mark.parametrize(("wrong", "field"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_not_valid_is_refused_with_the_field(
    olga: httpx.AsyncClient, wrong: dict[str, Any], field: str
) -> None:
    answer = await _asked(olga, **wrong)

    assert answer.status_code == 422
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_a_token_lives_for_ninety_days_where_nothing_else_is_said(
    core: Core, olga: httpx.AsyncClient
) -> None:
    shown = (await _make(core, olga)).shown

    assert (datetime.fromisoformat(shown["expires_at"]) - now()).days in (89, 90)


async def test_people_see_their_own_tokens_and_administrators_those_of_everybody(core: Core) -> None:
    one, two = await core.user("operator"), await core.user("viewer")
    mine, other = await _make(core, one), await _make(core, two)
    page = (await one.get("/workflow-tokens")).json()
    all_of_them = (await core.admin.get("/workflow-tokens", params={"limit": 200})).json()

    assert ([row["id"] for row in page["items"]], page["total"]) == ([mine.shown["id"]], 1)
    ids = [row["id"] for row in all_of_them["items"]]
    assert ids.index(other.shown["id"]) < ids.index(mine.shown["id"])
    assert all_of_them["total"] == len(ids)


async def test_people_may_name_themselves_but_nobody_else(core: Core, olga: httpx.AsyncClient) -> None:
    await _make(core, olga)
    mine = await olga.get("/workflow-tokens", params={"user_id": await _id_of(olga)})
    others = await olga.get("/workflow-tokens", params={"user_id": await _id_of(core.admin)})

    assert (mine.status_code, bool(mine.json()["total"])) == (200, True)
    assert (others.status_code, others.json()["code"]) == (403, "permission_missing")


async def test_the_list_is_filtered_by_owner_flow_and_state(core: Core) -> None:
    owner, flow = await core.user("operator"), uuid4().hex
    gone, over, good = [await _make(core, owner, flow_id=flow) for _ in range(3)]
    await _revoked(core, gone)
    await _expired(core, over)
    await _make(core, owner)
    mine = {"user_id": good.shown["owner"]["id"], "flow_id": flow}

    async def found(**filters: str) -> list[tuple[str, str]]:
        page = (await core.admin.get("/workflow-tokens", params=mine | filters)).json()
        assert page["total"] == len(page["items"])
        return [(row["id"], row["state"]) for row in page["items"]]

    assert [state for _, state in await found()] == ["active", "expired", "revoked"]
    for made, state in ((gone, "revoked"), (over, "expired"), (good, "active")):
        assert await found(state=state) == [(made.shown["id"], state)]


async def test_the_list_comes_in_pages(core: Core) -> None:
    owner = await core.user("operator")
    made = [(await _make(core, owner)).shown["id"] for _ in range(3)]
    first = (await owner.get("/workflow-tokens", params={"limit": 2})).json()
    rest = (await owner.get("/workflow-tokens", params={"cursor": first["next_cursor"]})).json()

    assert [row["id"] for row in first["items"] + rest["items"]] == made[::-1]
    assert (first["total"], rest["next_cursor"]) == (3, None)


async def test_nobody_revokes_a_token_of_somebody_else(core: Core, olga: httpx.AsyncClient) -> None:
    made = await _make(core, core.admin)
    answer = await olga.delete(f"/workflow-tokens/{made.shown['id']}")

    assert (answer.status_code, answer.json()["code"]) == (404, "workflow_token_not_found")
    assert await made.targets() == 200


async def test_a_token_that_was_revoked_twice_was_revoked_once(core: Core, olga: httpx.AsyncClient) -> None:
    made = await _make(core, olga)
    answers = [(await made.revoke()).status_code for _ in range(2)]
    page = await core.admin.get("/audit", params={"object_id": made.shown["id"]})

    assert answers == [204, 204]
    found = [(entry["action"], entry["actor"]["name"]) for entry in page.json()["items"]]
    assert found == [("workflow_token.revoked", "olga"), ("workflow_token.created", "olga")]


@pytest.mark.parametrize("deed", ["list", "make", "revoke"])
async def test_a_token_makes_and_revokes_no_tokens(core: Core, olga: httpx.AsyncClient, deed: str) -> None:
    made = await _make(core, olga, scopes=ALL)
    holder = await core.client(made.token)
    answers = {
        "list": lambda: holder.get("/workflow-tokens"),
        "make": lambda: _asked(holder),
        "revoke": lambda: holder.delete(f"/workflow-tokens/{made.shown['id']}"),
    }

    assert (await answers[deed]()).status_code == 403


def test_scopes_are_permissions_that_people_have() -> None:
    assert all(PERMISSIONS[scope] for scope in WORKFLOW_TOKEN)


async def test_a_token_by_password_is_listed_as_what_it_is(core: Core) -> None:
    owner = await core.user("operator", "petra")
    body = {"username": "petra", "password": PASSWORD}
    await (await core.client()).post(f"{core.url}/api/workflow/auth", json=body)
    [row] = (await owner.get("/workflow-tokens")).json()["items"]

    assert (row["name"], row["scopes"], row["state"]) == ("Sign-in by password", sorted(FLOW_RUN), "active")


async def test_the_token_is_told_once_and_found_nowhere_afterwards(
    core: Core, olga: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as logged:
        made = await _make(core, olga, name="canary")
        said = [await made.api.get("/targets"), await made.api.get(f"{core.url}/api/v3/auth/me")]
        said += [await made.api.post("/execute", json={}), await made.revoke()]
        said += [await made.api.get("/targets"), await olga.get("/workflow-tokens")]
        said += [await core.admin.get("/audit", params={"object_id": made.shown["id"]})]
    secret = made.token.removeprefix(made.shown["prefix"])
    places = {
        "answers": " ".join(f"{answer.text} {answer.headers}" for answer in said),
        "logs": f"{logged} {caplog.text}",
        "database": "\n".join(await every_row(core)),
    }
    controls = {"answers": made.shown["prefix"], "logs": "/api/v3/workflow-tokens", "database": "canary"}

    assert {place for place, known in controls.items() if known in places[place]} == set(places)
    forms = (secret, made.token.encode().hex())
    assert {place for place, all in places.items() if any(form in all for form in forms)} == set()


async def test_the_answer_that_has_the_token_is_not_to_be_stored(olga: httpx.AsyncClient) -> None:
    assert (await _asked(olga)).headers["cache-control"] == "no-store"

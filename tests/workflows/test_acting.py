"""Whom a flow acts as, and what it may do then."""

from typing import Any

import httpx
import pytest
from tests.support.core import PASSWORD, Core
from tests.support.registered import add_target, command_on
from tests.workflows.conftest import Nodered, Person, a_node, a_person, a_tab

SUBFLOW = [{"id": "shared", "type": "subflow", "name": "Shared"}, {**a_node("in-shared"), "z": "shared"}]


def _flows(payload: str = "one", *, x: int = 10, shared: str = "one") -> list[dict[str, Any]]:
    inside = {**SUBFLOW[1], "payload": shared}
    nodes = [a_node("w1", payload=payload, x=x), a_node("w2", type="subflow:shared")]
    return [*a_tab("whose", *nodes), SUBFLOW[0], inside, *a_tab("other", a_node("o1"))]


async def test_a_flow_runs_as_whoever_deployed_it(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(_flows("fresh"), dora)

    assert (await nodered.owners())["whose"] == "dora"


CHANGES: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "moving nodes does not": ({"x": 500}, {"whose": "dora", "other": "dora"}),
    "deploying it unchanged does not": ({}, {"whose": "dora", "other": "dora"}),
    "changing a node does": ({"payload": "two"}, {"whose": "ada", "other": "dora"}),
    "changing a subflow it uses does": ({"shared": "two"}, {"whose": "ada", "other": "dora"}),
}


@pytest.mark.parametrize(("change", "owners"), CHANGES.values(), ids=CHANGES.keys())
async def test_a_flow_passes_to_who_changes_what_it_does(
    nodered: Nodered, dora: Person, ada: Person, change: dict[str, Any], owners: dict[str, str]
) -> None:
    await nodered.deploy([], dora)
    await nodered.deploy(_flows(), dora)
    await nodered.deploy(_flows(**change), ada)

    assert await nodered.owners() == owners


async def _a_flow_of(nodered: Nodered, person: Person, id: str) -> str:
    """Deploy one more flow, as this person."""
    others = [node for node in (await nodered.snapshot())["flows"] if id not in (node["id"], node.get("z"))]
    await nodered.deploy([*others, *a_tab(id, a_node(f"{id}-1"))], person)
    return id


async def _execute(client: httpx.AsyncClient, target: dict[str, Any], **more: Any) -> httpx.Response:
    return await client.post("/execute", json=command_on([target["id"]], "true") | more)


@pytest.fixture(scope="module")
async def target(core: Core) -> dict[str, Any]:
    return await add_target(core, "somewhere", 22, None)


async def test_a_run_acts_as_the_owner_of_its_flow(
    core: Core, nodered: Nodered, dora: Person, target: dict[str, Any]
) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "acts"))
    accepted = (await _execute(client, target)).json()
    execution = (await core.admin.get(f"/executions/{accepted['execution_id']}")).json()

    assert execution["created_by"]["username"] == "dora"


async def test_what_a_run_does_is_audited_with_its_flow(
    core: Core, nodered: Nodered, dora: Person, target: dict[str, Any]
) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "audited"))
    accepted = (await _execute(client, target)).json()
    [entry] = (await core.admin.get("/audit", params={"object_id": accepted["execution_id"]})).json()["items"]

    assert (entry["actor"]["name"], entry["actor"]["via"]) == ("dora", "flow:audited")


async def test_a_run_can_not_claim_to_be_another_flow(
    core: Core, nodered: Nodered, dora: Person, target: dict[str, Any]
) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "honest"))
    claimed = {"node_red_flow_id": "somebody-elses", "node_name": "Run"}
    accepted = (await _execute(client, target, workflow_context=claimed)).json()
    execution = (await core.admin.get(f"/executions/{accepted['execution_id']}")).json()

    assert (execution["workflow"]["flow_id"], execution["workflow"]["node_name"]) == ("honest", "Run")


async def test_only_node_red_gets_tokens_of_runs(core: Core, nodered: Nodered, ada: Person) -> None:
    flow = await _a_flow_of(nodered, ada, "guarded")
    answer = await ada.api.post(f"{core.url}/api/workflow/auth", json={"flow_id": flow, "run_id": "r"})
    nobody = await (await core.client()).post(
        f"{core.url}/api/workflow/auth", json={"flow_id": flow, "run_id": "r"}
    )

    assert (answer.status_code, nobody.status_code) == (403, 401)


async def test_a_flow_that_is_not_deployed_gets_no_token(nodered: Nodered) -> None:
    answer = await nodered.run_token("never-deployed")

    assert (answer.status_code, answer.json()["code"]) == (404, "workflow_not_found")


async def test_a_removed_flow_gets_no_token_and_its_runs_may_nothing(nodered: Nodered, dora: Person) -> None:
    flow = await _a_flow_of(nodered, dora, "removed")
    client = await nodered.running(flow)
    await nodered.deploy([], dora)

    assert (await nodered.run_token(flow)).status_code == 404
    assert (await client.get("/targets")).status_code == 401


async def test_a_deactivated_owner_stops_the_flow(core: Core, nodered: Nodered) -> None:
    leaving = await a_person(core, "designer", "leaving")
    flow = await _a_flow_of(nodered, leaving, "orphan")
    client = await nodered.running(flow)
    before = (await client.get("/targets")).status_code
    await core.admin.patch(f"/users/{leaving.id}", json={"is_active": False})

    assert (before, (await client.get("/targets")).status_code) == (200, 401)
    assert (await nodered.run_token(flow)).status_code == 401


async def test_an_owner_who_lost_the_role_takes_it_from_the_flow(
    core: Core, nodered: Nodered, target: dict[str, Any]
) -> None:
    demoted = await a_person(core, "designer", "demoted")
    client = await nodered.running(await _a_flow_of(nodered, demoted, "weaker"))
    await core.admin.patch(f"/users/{demoted.id}", json={"role": "viewer"})

    assert (await _execute(client, target)).status_code == 403
    assert (await client.get("/targets")).status_code == 200


async def test_a_run_that_says_not_where_it_is_may_nothing(nodered: Nodered, dora: Person) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "silent"))
    del client.headers["X-OpsConductor-Flow"]

    assert (await client.get("/targets")).status_code == 401


async def test_a_run_of_a_flow_that_changed_hands_may_nothing(
    nodered: Nodered, dora: Person, ada: Person
) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "handed"))
    await nodered.deploy(a_tab("handed", a_node("handed-1", payload="another")), ada)

    assert (await client.get("/targets")).status_code == 401


@pytest.mark.parametrize("weak", ["starter", "executor"])
async def test_between_two_tabs_only_what_both_owners_may_is_allowed(
    core: Core, nodered: Nodered, dora: Person, target: dict[str, Any], weak: str
) -> None:
    viewer = await a_person(core, "designer", f"weak-{weak}")
    strong, weaker = f"{weak}-strong", f"{weak}-weak"
    await _a_flow_of(nodered, dora, strong)
    await _a_flow_of(nodered, viewer, weaker)
    await core.admin.patch(f"/users/{viewer.id}", json={"role": "viewer"})
    starter, executor = (weaker, strong) if weak == "starter" else (strong, weaker)
    client = await nodered.running(starter, executor)

    assert (await _execute(client, target)).status_code == 403
    assert (await client.get("/targets")).status_code == 200


async def test_between_two_tabs_of_owners_who_may_it_is_allowed(
    nodered: Nodered, dora: Person, ada: Person, target: dict[str, Any]
) -> None:
    starter, executor = await _a_flow_of(nodered, dora, "calls"), await _a_flow_of(nodered, ada, "called")
    client = await nodered.running(starter, executor)

    assert (await _execute(client, target)).status_code == 202


async def test_a_flow_may_not_do_what_only_people_do(core: Core, nodered: Nodered, ada: Person) -> None:
    client = await nodered.running(await _a_flow_of(nodered, ada, "modest"))
    answers = [
        await client.post(f"{core.url}/api/v3/users", json={"username": "x1", "role": "administrator"}),
        await client.get(f"{core.url}/api/v3/credentials"),
        await client.get(f"{core.url}/api/v3/audit"),
    ]

    assert [answer.status_code for answer in answers] == [403, 403, 403]


async def test_a_person_gets_a_workflow_token_by_password(core: Core) -> None:
    client = await core.client()
    body = {"username": "admin", "password": PASSWORD}
    answer = (await client.post(f"{core.url}/api/workflow/auth", json=body)).json()
    mine = await (await core.client(answer["token"])).get(f"{core.url}/api/workflow/targets")

    assert answer["token"].startswith("opsc_wt_")
    assert (answer["user"]["username"], mine.status_code) == ("admin", 200)


async def test_the_making_of_a_workflow_token_is_audited_with_whose_it_is(core: Core) -> None:
    body = {"username": "admin", "password": PASSWORD}
    await (await core.client()).post(f"{core.url}/api/workflow/auth", json=body)
    page = await core.admin.get("/audit", params={"action": "workflow_token.created", "limit": 1})

    assert page.json()["items"][0]["actor"]["name"] == "admin"


GRANTS: dict[str, tuple[dict[str, Any], int]] = {
    "nothing": ({}, 400),
    "half a person": ({"username": "admin"}, 400),
    "half a run": ({"flow_id": "acts"}, 400),
    "a wrong password": ({"username": "somebody", "password": "wrong"}, 401),
    "an unknown key": ({"user": "admin"}, 422),
    "NUL": ({"username": "ad\0min", "password": "x"}, 422),
}


@pytest.mark.parametrize(("body", "status"), GRANTS.values(), ids=GRANTS.keys())
async def test_a_bad_grant_is_refused(core: Core, body: dict[str, Any], status: int) -> None:
    answer = await (await core.client()).post(f"{core.url}/api/workflow/auth", json=body)

    assert answer.status_code == status


NUL = {
    "the name": {"name": "a\0b"},
    "the description": {"description": "a\0b"},
    "the node": {"workflow_context": {"node_red_flow_id": "f", "node_name": "a\0b"}},
}


@pytest.mark.parametrize("more", NUL.values(), ids=NUL.keys())
async def test_nul_in_a_request_of_a_flow_is_refused(
    nodered: Nodered, dora: Person, target: dict[str, Any], more: dict[str, Any]
) -> None:
    client = await nodered.running(await _a_flow_of(nodered, dora, "nul"))
    answer = await _execute(client, target, **more)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

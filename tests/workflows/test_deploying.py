"""Deploys: who may, what is kept, what is refused."""

import asyncio
import base64
import functools
import json

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.workflows.conftest import Node, Nodered, Person, a_node, a_person, a_tab


async def _deploys(core: Core) -> int:
    async with core.app.state.units.sessions() as session:
        return int((await session.execute(text("select count(*) from nodered_deploys"))).scalar_one())


async def test_before_the_first_deploy_there_is_nothing_and_it_says_so(nodered: Nodered) -> None:
    snapshot = await nodered.snapshot()

    assert (snapshot["flows"], snapshot["rev"], snapshot["empty"]) == ([], 0, True)


async def test_what_was_deployed_is_what_node_red_starts_from(nodered: Nodered, dora: Person) -> None:
    flows = a_tab("started", a_node("s1", payload="ä😀", deep={"list": [1, 2.5, None, True]}))
    rev = await nodered.deploy(flows, dora)
    snapshot = await nodered.snapshot()

    assert (snapshot["flows"], snapshot["credentials"]) == (flows, {"$": "sealed"})
    assert (snapshot["rev"], snapshot["empty"]) == (rev, False)


async def test_every_deploy_is_kept_whole(core: Core, nodered: Nodered, dora: Person) -> None:
    before = await _deploys(core)
    for payload in ("one", "two", "one"):
        await nodered.deploy(a_tab("kept", a_node("k1", payload=payload)), dora)

    assert await _deploys(core) == before + 3


async def test_each_change_of_a_tab_is_a_version_with_its_author(
    nodered: Nodered, dora: Person, ada: Person
) -> None:
    await nodered.deploy(a_tab("versions", a_node("v1", payload="one")), dora)
    await nodered.deploy(a_tab("versions", a_node("v1", payload="two")), ada)
    page = (await dora.api.get("/workflows/versions/versions")).json()

    assert [(v["version"], v["deployed_by"]) for v in page["items"]] == [(2, "ada"), (1, "dora")]
    assert page["items"][0]["sha256"] != page["items"][1]["sha256"]


async def test_a_deploy_that_leaves_a_tab_alone_makes_no_version_of_it(
    nodered: Nodered, dora: Person
) -> None:
    tab = a_tab("alone", a_node("a1"))
    await nodered.deploy(tab, dora)
    await nodered.deploy([*tab, *a_tab("beside", a_node("a2"))], dora)
    page = (await dora.api.get("/workflows/alone/versions")).json()

    assert page["total"] == 1


async def test_a_removed_tab_is_no_longer_listed_but_its_versions_are(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(a_tab("removed", a_node("r1")), dora)
    await nodered.deploy([], dora)

    assert "removed" not in await nodered.owners()
    assert (await dora.api.get("/workflows/removed/versions")).json()["total"] == 1


async def test_a_tab_that_is_disabled_is_listed_as_not_active(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy([*a_tab("on", a_node("on-n")), *a_tab("off", a_node("off-n"), disabled=True)], dora)
    listed = (await dora.api.get("/workflows", params={"limit": 200})).json()["items"]
    active = {item["flow_id"]: item["is_active"] for item in listed}

    assert (active["on"], active["off"]) == (True, False)


async def test_a_tab_that_comes_back_is_listed_again(nodered: Nodered, dora: Person) -> None:
    tab = a_tab("back", a_node("b1"))
    for flows in (tab, [], tab):
        await nodered.deploy(flows, dora)

    assert (await nodered.owners())["back"] == "dora"


async def test_versions_of_an_unknown_flow_are_a_404(dora: Person) -> None:
    answer = await dora.api.get("/workflows/never-there/versions")

    assert (answer.status_code, answer.json()["code"]) == (404, "workflow_not_found")


async def test_a_cursor_with_a_number_too_large_is_refused(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(a_tab("counted", a_node("c1")), dora)
    cursor = base64.urlsafe_b64encode(json.dumps([str(10**30)]).encode()).decode().rstrip("=")
    answer = await dora.api.get("/workflows/counted/versions", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


async def test_a_deploy_on_an_older_one_is_refused(core: Core, nodered: Nodered, dora: Person) -> None:
    rev = await nodered.deploy(a_tab("stale", a_node("s1")), dora)
    answer = await nodered.put_flows(a_tab("stale", a_node("s2")), dora, base_rev=rev - 1)

    assert (answer.status_code, answer.json()["code"]) == (409, "stale_flows")
    assert answer.json()["detail"].startswith("dora deployed in between and changed: Flow ")
    assert (await nodered.snapshot())["rev"] == rev


async def test_of_two_deploys_at_once_one_is_refused(nodered: Nodered, dora: Person, ada: Person) -> None:
    rev = (await nodered.snapshot())["rev"]
    answers = await asyncio.gather(
        *(nodered.put_flows(a_tab("race", a_node(p.username)), p, base_rev=rev) for p in (dora, ada))
    )

    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_an_unknown_node_type_is_refused_by_name(nodered: Nodered, dora: Person) -> None:
    answer = await nodered.put_flows(a_tab("unknown", a_node("u1", type="exec")), dora)

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_node_type")
    assert "exec" in answer.json()["detail"]


async def test_subflows_groups_and_junctions_need_no_installed_type(nodered: Nodered, dora: Person) -> None:
    subflow = [{"id": "sub", "type": "subflow", "name": "Sub"}, {**a_node("in-sub"), "z": "sub"}]
    inside = [a_node("i1", type="subflow:sub"), a_node("i2", type="group"), a_node("i3", type="junction")]

    assert (await nodered.put_flows([*subflow, *a_tab("types", *inside)], dora)).status_code == 200


MALFORMED: dict[str, list[Node]] = {
    "without an id": [{"type": "tab"}],
    "without a type": [{"id": "x"}],
    "with a number as id": [{"id": 1, "type": "tab"}],
    "with one id twice": [{"id": "x", "type": "tab"}, {"id": "x", "type": "tab"}],
    "with NUL": a_tab("nul", a_node("n1", payload="a\0b")),
    "with half a character": a_tab("half", a_node("n1", payload="\ud800")),
    "nested too deep": a_tab("deep", a_node("n1", payload=functools.reduce(lambda x, _: [x], range(400), 0))),
    "with a number too large": a_tab("large", a_node("n1", payload=10**20)),
}


@pytest.mark.parametrize("flows", MALFORMED.values(), ids=MALFORMED.keys())
async def test_flows_that_can_not_be_stored_are_refused(
    nodered: Nodered, dora: Person, flows: list[Node]
) -> None:
    answer = await nodered.put_flows(flows, dora)

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_flows")


@pytest.mark.parametrize("role", ["viewer", "operator", "manager"])
async def test_who_does_not_design_can_not_deploy(core: Core, nodered: Nodered, role: str) -> None:
    person = await a_person(core, role, f"a-{role}")
    answer = await nodered.put_flows(a_tab("refused", a_node("n1")), person)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


@pytest.mark.parametrize("ticket", ["guessed", "a.b.c"])
async def test_without_a_good_ticket_node_red_can_not_deploy(
    nodered: Nodered, dora: Person, ticket: str
) -> None:
    nobody = Person(dora.id, "nobody", ticket, dora.api)
    answer = await nodered.put_flows(a_tab("refused", a_node("n1")), nobody)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


async def test_node_reds_own_token_is_no_ticket(core: Core, nodered: Nodered, dora: Person) -> None:
    own = nodered.client.headers["Authorization"].removeprefix("Bearer ")
    answer = await nodered.put_flows(a_tab("refused", a_node("n1")), Person(dora.id, "x", own, dora.api))

    assert answer.status_code == 403


async def test_a_person_without_node_red_can_not_write_to_the_storage(core: Core, ada: Person) -> None:
    body = {"flows": [], "credentials": {}, "ticket": ada.ticket, "base_rev": 0, "known_types": []}
    answer = await ada.api.put(f"{core.url}/internal/storage/flows", json=body)

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_a_ticket_ends_with_its_session(core: Core, nodered: Nodered) -> None:
    person = await a_person(core, "designer", "leaves-the-editor")
    await person.api.post("/auth/logout")
    answer = await nodered.put_flows(a_tab("refused", a_node("n1")), person)

    assert answer.status_code == 401


async def test_a_deploy_is_audited_with_who_did_it_and_by_what(
    core: Core, nodered: Nodered, dora: Person
) -> None:
    await nodered.deploy(a_tab("audited", a_node("n1", payload="first")), dora)
    [changed] = (await core.admin.get("/audit", params={"object_id": "audited"})).json()["items"]

    assert (changed["action"], changed["actor"]["name"]) == ("workflow.changed", "dora")
    assert (changed["actor"]["via"], changed["after"]["run_as"]) == ("nodered", "dora")


async def test_a_large_deploy_is_taken(nodered: Nodered, dora: Person) -> None:
    flows = a_tab("large", *(a_node(f"n{number}", payload="x" * 1000) for number in range(2000)))

    assert (await nodered.put_flows(flows, dora)).status_code == 200


@pytest.mark.parametrize("name", ["settings", "sessions"])
async def test_what_else_node_red_keeps_comes_back(nodered: Nodered, name: str) -> None:
    content = {"nodes": {"a": 1}, "list": [None]}
    answer = await nodered.client.put(f"/internal/storage/documents/{name}", json={"content": content})

    assert answer.status_code == 204
    assert (await nodered.snapshot())[name] == content


async def test_node_red_keeps_nothing_else(nodered: Nodered) -> None:
    answer = await nodered.client.put("/internal/storage/documents/other", json={"content": {}})

    assert answer.status_code == 422


async def test_the_library_lists_folders_and_files_and_gives_files_back(nodered: Nodered) -> None:
    library = "/internal/storage/library/flows"
    for path in ("top", "folder/one", "folder/two"):
        await nodered.client.put(library, params={"path": path}, json={"content": {"body": path}})

    async def at(path: str) -> object:
        return (await nodered.client.get(library, params={"path": path})).json()["content"]

    assert await at("") == ["folder", {"fn": "top"}]
    assert await at("folder") == [{"fn": "one"}, {"fn": "two"}]
    assert await at("folder/one") == {"body": "folder/one"}
    assert await at("nowhere") == []

"""Versions of flows: what differs between them, and going back."""

from typing import Any

import httpx
import pytest
from tests.support.core import Core
from tests.workflows.conftest import Node, Nodered, Person, a_node, a_person, a_tab

from opsconductor.workflows.differences import between, of_tabs
from opsconductor.workflows.restoring import with_tab


async def diff(person: Person, flow: str, before: int, after: int) -> list[dict[str, Any]]:
    answer = await person.api.get(f"/workflows/{flow}/diff", params={"before": before, "after": after})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["changes"])


async def restore(person: Person, path: str) -> httpx.Response:
    return await person.api.post(path)


async def test_a_version_is_shown_with_its_nodes(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(a_tab("shown", a_node("s1", payload="one")), dora)
    version = (await dora.api.get("/workflows/shown/versions/1")).json()

    assert (version["version"], version["deployed_by"]) == (1, "dora")
    assert {node["id"]: node.get("payload") for node in version["nodes"]} == {"shown": None, "s1": "one"}


async def test_versions_are_compared_node_by_node(nodered: Nodered, dora: Person) -> None:
    first = a_tab(
        "compared", a_node("stays"), a_node("goes"), a_node("moves"), a_node("changes", payload="one")
    )
    second = a_tab(
        "compared", a_node("stays"), a_node("moves", x=99), a_node("changes", payload="two"), a_node("comes")
    )
    await nodered.deploy(first, dora)
    await nodered.deploy(second, dora)

    changes = await diff(dora, "compared", 1, 2)
    assert {change["id"]: change["kind"] for change in changes} == {
        "moves": "moved",
        "changes": "changed",
        "comes": "added",
        "goes": "removed",
    }
    changed = next(change for change in changes if change["id"] == "changes")
    assert changed["fields"] == [{"name": "payload", "before": "one", "after": "two"}]


async def test_any_two_versions_are_compared_in_either_direction(nodered: Nodered, dora: Person) -> None:
    for payload in ("one", "two", "three"):
        await nodered.deploy(a_tab("any", a_node("any-n", payload=payload)), dora)

    for before, after, values in [
        (1, 3, ("one", "three")),
        (3, 1, ("three", "one")),
        (2, 3, ("two", "three")),
    ]:
        [change] = await diff(dora, "any", before, after)
        [changed] = change["fields"]
        assert (changed["before"], changed["after"]) == values
    assert await diff(dora, "any", 2, 2) == []


async def test_restoring_a_version_is_a_deploy_by_whoever_restored_it(
    core: Core, nodered: Nodered, dora: Person, ada: Person
) -> None:
    other = a_tab("untouched", a_node("u1"))
    await nodered.deploy([*a_tab("restored", a_node("r1", payload="one")), *other], dora)
    await nodered.deploy([*a_tab("restored", a_node("r1", payload="two")), *other], dora)
    before = await nodered.snapshot()
    answer = await restore(ada, "/workflows/restored/versions/1/restore")

    assert (answer.status_code, answer.json()["deploy"]) == (200, before["rev"] + 1)
    after = await nodered.snapshot()
    assert after["flows"] == [*a_tab("restored", a_node("r1", payload="one")), *other]
    assert after["credentials"] == before["credentials"]
    owners = await nodered.owners()
    assert (owners["restored"], owners["untouched"]) == ("ada", "dora")
    page = (await dora.api.get("/workflows/restored/versions")).json()
    assert [(v["version"], v["deployed_by"]) for v in page["items"]] == [(3, "ada"), (2, "dora"), (1, "dora")]


async def test_a_removed_tab_comes_back_with_the_config_nodes_it_needs(
    nodered: Nodered, dora: Person
) -> None:
    config = {"id": "cfg", "type": "opsconductor-config", "name": "the door"}
    tab = a_tab("came-back", a_node("c1", server="cfg"))
    await nodered.deploy([*tab, config], dora)
    await nodered.deploy([], dora)
    answer = await restore(dora, "/workflows/came-back/versions/1/restore")

    assert answer.status_code == 200, answer.text
    assert sorted(n["id"] for n in (await nodered.snapshot())["flows"]) == ["c1", "came-back", "cfg"]
    assert (await nodered.owners())["came-back"] == "dora"


async def test_a_whole_deploy_is_restored_with_its_credentials(nodered: Nodered, dora: Person) -> None:
    first = await nodered.deploy(a_tab("whole", a_node("w1")), dora)
    await nodered.deploy([], dora)
    answer = await restore(dora, f"/deploys/{first}/restore")

    assert answer.status_code == 200, answer.text
    snapshot = await nodered.snapshot()
    assert snapshot["flows"] == a_tab("whole", a_node("w1"))
    assert snapshot["rev"] == answer.json()["deploy"]


async def test_deploys_tell_who_when_what_and_why(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(a_tab("told", a_node("t1"), a_node("t2")), dora)
    number = await nodered.deploy(a_tab("told", a_node("t1", payload="x"), a_node("t3")), dora)
    described = await dora.api.patch(f"/deploys/{number}", json={"message": "  For the night shift.  "})
    page = (await dora.api.get("/deploys")).json()

    assert described.json()["message"] == "For the night shift."
    newest = page["items"][0]
    assert (newest["number"], newest["deployed_by"], newest["message"]) == (
        number,
        "dora",
        "For the night shift.",
    )
    assert newest["changes"] == [
        {"flow_id": "told", "name": "Flow told", "kind": "changed", "added": 1, "removed": 1, "changed": 1}
    ]


async def test_deploys_since_one_are_those_after_it(nodered: Nodered, dora: Person, ada: Person) -> None:
    base = await nodered.deploy(a_tab("since", a_node("si1")), dora)
    await nodered.deploy(a_tab("since", a_node("si1", payload="x")), ada)
    await nodered.deploy([], dora)
    page = (await dora.api.get("/deploys", params={"since": base, "limit": 1})).json()
    later = (await dora.api.get("/deploys", params={"since": base, "cursor": page["next_cursor"]})).json()
    refused = await dora.api.get("/deploys", params={"since": -1})

    assert (page["total"], later["total"]) == (2, 2)
    assert [d["number"] for d in (*page["items"], *later["items"])] == [base + 2, base + 1]
    assert refused.status_code == 422


async def test_a_stale_deploy_says_who_deployed_what_in_between(
    nodered: Nodered, dora: Person, ada: Person
) -> None:
    base = await nodered.deploy(a_tab("stale", a_node("st1")), dora)
    await nodered.deploy(a_tab("stale", a_node("st1", payload="ada's")), ada)
    answer = await nodered.put_flows(a_tab("stale", a_node("st1", payload="dora's")), dora, base)

    assert (answer.status_code, answer.json()["code"]) == (409, "stale_flows")
    assert answer.json()["detail"].startswith("ada deployed in between and changed: Flow stale.")


async def test_what_is_deployed_already_is_not_restored(nodered: Nodered, dora: Person) -> None:
    number = await nodered.deploy(a_tab("now", a_node("n1")), dora)
    for path in ("/workflows/now/versions/1/restore", f"/deploys/{number}/restore"):
        answer = await restore(dora, path)
        assert (answer.status_code, answer.json()["code"]) == (409, "already_current")


async def test_a_version_that_needs_a_node_type_that_is_gone_is_refused(
    core: Core, nodered: Nodered, dora: Person
) -> None:
    await nodered.deploy(a_tab("typed", a_node("ty1", type="debug")), dora)
    body = {
        **{"flows": [], "credentials": {}, "ticket": dora.ticket, "known_types": ["inject"]},
        "base_rev": (await nodered.snapshot())["rev"],
    }
    assert (await nodered.client.put("/internal/storage/flows", json=body)).status_code == 200
    answer = await restore(dora, "/workflows/typed/versions/1/restore")

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_node_type")
    assert "debug" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/workflows/nowhere/versions/1/restore", "workflow_not_found"),
        ("/workflows/known/versions/99/restore", "workflow_version_not_found"),
        ("/deploys/999999/restore", "deploy_not_found"),
    ],
)
async def test_what_is_not_there_is_not_restored(
    nodered: Nodered, dora: Person, path: str, code: str
) -> None:
    await nodered.deploy(a_tab("known", a_node("k1")), dora)
    answer = await restore(dora, path)

    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_who_may_not_deploy_may_look_and_not_restore(
    core: Core, nodered: Nodered, dora: Person
) -> None:
    olaf = await a_person(core, "operator", "olaf-restores")
    await nodered.deploy(a_tab("guarded", a_node("g1", payload="one")), dora)
    await nodered.deploy(a_tab("guarded", a_node("g1", payload="two")), dora)

    assert (await olaf.api.get("/workflows/guarded/versions/1")).status_code == 200
    assert (await restore(olaf, "/workflows/guarded/versions/1/restore")).status_code == 403


def test_a_tab_is_put_back_in_its_place() -> None:
    flows = [*a_tab("a", a_node("a1")), *a_tab("b", a_node("b1"), a_node("b2")), *a_tab("c", a_node("c1"))]
    wanted = a_tab("b", a_node("b1", payload="old"))

    restored = with_tab(flows, "b", wanted)
    assert restored == [*a_tab("a", a_node("a1")), *wanted, *a_tab("c", a_node("c1"))]


def test_a_node_that_was_moved_to_another_tab_comes_back_from_there() -> None:
    flows = [*a_tab("a", a_node("n")), *a_tab("b")]

    assert with_tab(flows, "b", a_tab("b", a_node("n"))) == [*a_tab("a"), *a_tab("b", a_node("n"))]


def test_config_nodes_that_are_there_stay_as_they_are() -> None:
    there: Node = {"id": "cfg", "type": "opsconductor-config", "name": "new"}
    old: Node = {"id": "cfg", "type": "opsconductor-config", "name": "old"}

    assert there in with_tab([*a_tab("a"), there], "a", [*a_tab("a", a_node("a1", server="cfg")), old])
    assert old in with_tab(a_tab("a"), "a", [*a_tab("a", a_node("a1", server="cfg")), old])


def test_nothing_differs_between_the_same() -> None:
    flows = a_tab("a", a_node("a1"))

    assert (between(flows, flows), of_tabs(flows, flows)) == ([], [])


def test_what_lies_in_no_tab_is_told_apart() -> None:
    config: Node = {"id": "cfg", "type": "opsconductor-config"}
    changes = of_tabs(a_tab("a"), [*a_tab("a"), *a_tab("b", a_node("b1")), config])

    assert [(c.flow_id, c.kind, c.added) for c in changes] == [("b", "added", 2), ("", "added", 1)]

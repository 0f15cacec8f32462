"""A tab as a document: what leaves, what comes back, and what is refused on the way."""

from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.support.core import Core
from tests.support.registered import add_target
from tests.workflows.conftest import KNOWN, Node, Nodered, Person, a_node, a_person, a_tab

from opsconductor import __version__

SUBFLOW: list[Node] = [
    {"id": "sub", "type": "subflow", "name": "Twice", "in": [{"wires": [{"id": "s1"}]}], "out": []},
    {"id": "s1", "type": "debug", "z": "sub", "x": 1, "y": 1, "wires": []},
]
DOOR: Node = {"id": "door", "type": "opsconductor-config", "name": "the door"}


@pytest.fixture(autouse=True, scope="module")
async def known(nodered: Nodered) -> None:
    body = {"known_types": KNOWN}
    assert (await nodered.client.put("/internal/storage/node-types", json=body)).status_code == 204


def a_document(nodes: list[Node], **more: Any) -> dict[str, Any]:
    return {"format": "opsconductor-flow", "version": 1, "nodes": nodes, **more}


async def post(person: Person, document: dict[str, Any], **more: Any) -> httpx.Response:
    return await person.api.post("/workflows/import", json={"document": document, **more})


async def preview(person: Person, document: dict[str, Any]) -> dict[str, Any]:
    answer = await person.api.post("/workflows/import/preview", json={"document": document})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def exported(person: Person, flow_id: str) -> dict[str, Any]:
    answer = await person.api.get(f"/workflows/{flow_id}/export")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def a_whole_tab(nodered: Nodered, dora: Person, id: str) -> None:
    """Deploy a tab that uses a group, a subflow, a config node, and a link into another tab."""
    nodes = [
        a_node(f"{id}-1", server="door", g=f"{id}-g", wires=[[f"{id}-2"]]),
        a_node(f"{id}-2", type="subflow:sub"),
        a_node(f"{id}-3", type="link out", links=["elsewhere"]),
        {"id": f"{id}-g", "type": "group", "nodes": [f"{id}-1"], "x": 1, "y": 1},
    ]
    other = a_tab(f"{id}-other", a_node("elsewhere", type="link in", links=[f"{id}-3"]))
    await nodered.deploy([*a_tab(id, *nodes), *other, *SUBFLOW, DOOR], dora)


async def test_a_tab_leaves_with_everything_it_uses(nodered: Nodered, dora: Person) -> None:
    await a_whole_tab(nodered, dora, "whole")
    document = await exported(dora, "whole")

    assert (document["format"], document["version"], document["product_version"]) == (
        *("opsconductor-flow", 1),
        __version__,
    )
    assert {node["id"] for node in document["nodes"]} == {
        *("whole", "whole-1", "whole-2", "whole-3", "whole-g"),
        *("sub", "s1", "door"),
    }
    assert next(n for n in document["nodes"] if n["id"] == "whole-3")["links"] == []


async def test_what_a_tab_refers_to_is_told_by_name(core: Core, nodered: Nodered, dora: Person) -> None:
    target = await add_target(core, "refers-1", 9, None)
    await nodered.deploy(a_tab("refers", a_node("r1", selectedTargets=[target["id"]])), dora)
    document = await exported(dora, "refers")

    assert document["refers_to"] == [{"kind": "target", "id": target["id"], "name": "refers-1"}]


async def test_what_is_missing_here_is_told_as_its_origin_calls_it(dora: Person) -> None:
    id = "01a20c06-c4c1-742b-b37f-ba80e5e35788"
    said = [{"kind": "target", "id": id, "name": "web-1"}]
    document = a_document(a_tab("m", a_node("m1", selectedTargets=[id])), refers_to=said)
    seen = await preview(dora, document)
    answer = await post(dora, document)

    assert seen["missing"] == [{"id": id, "kind": "target", "name": "web-1"}]
    assert answer.json()["missing"] == seen["missing"]


async def test_thousands_of_things_may_be_missing(dora: Person) -> None:
    ids = [str(uuid4()) for _ in range(12_000)]
    seen = await preview(dora, a_document(a_tab("many", a_node("many-1", selectedTargets=ids))))

    assert [one["id"] for one in seen["missing"]] == ids[:10_000]


async def test_a_document_becomes_a_disabled_tab_under_new_ids(nodered: Nodered, dora: Person) -> None:
    await a_whole_tab(nodered, dora, "again")
    document = await exported(dora, "again")
    answer = await post(dora, document, name="Once more")

    assert answer.status_code == 201, answer.text
    id = answer.json()["flow_id"]
    flows = (await nodered.snapshot())["flows"]
    tab = next(node for node in flows if node["id"] == id)
    assert (tab["disabled"], tab["label"]) == (True, "Once more")
    inside = {node["type"]: node for node in flows if node.get("z") == id}
    assert inside["inject"]["wires"] == [[inside["subflow:sub"]["id"]]]
    assert inside["inject"]["g"] == inside["group"]["id"]
    assert inside["group"]["nodes"] == [inside["inject"]["id"]]
    assert len({node["id"] for node in flows}) == len(flows)


async def test_what_is_here_just_so_is_shared_and_what_differs_comes_along(
    nodered: Nodered, dora: Person
) -> None:
    await a_whole_tab(nodered, dora, "shares")
    document = await exported(dora, "shares")
    document["nodes"] = [{**n, "name": "another"} if n["id"] == "door" else n for n in document["nodes"]]
    seen = await preview(dora, document)
    id = (await post(dora, document)).json()["flow_id"]

    assert (seen["shared"], seen["config_nodes"]) == (["Twice"], ["another"])
    flows = (await nodered.snapshot())["flows"]
    inject = next(node for node in flows if node.get("z") == id and node["type"] == "inject")
    server = next(node for node in flows if node["id"] == inject["server"])
    assert server["name"] == "another"
    assert server["id"] != "door"


async def test_an_import_is_a_deploy_with_author_version_and_message(nodered: Nodered, dora: Person) -> None:
    document = a_document(a_tab("carried", a_node("c1")), name="Carried")
    before = (await nodered.snapshot())["rev"]
    answer = (await post(dora, document)).json()

    assert answer["deploy"] == before + 1
    newest = (await dora.api.get("/deploys")).json()["items"][0]
    assert (newest["deployed_by"], newest["message"]) == ("dora", "Imported Carried")
    versions = (await dora.api.get(f"/workflows/{answer['flow_id']}/versions")).json()["items"]
    assert [version["version"] for version in versions] == [1]
    assert (await nodered.owners())[answer["flow_id"]] == "dora"


async def test_a_preview_says_what_would_come_and_stores_nothing(nodered: Nodered, dora: Person) -> None:
    hook = a_node("h1", type="http in", method="post", url="/orders")
    await nodered.deploy(a_tab("hooks", hook), dora)
    rev = (await nodered.snapshot())["rev"]
    seen = await preview(dora, a_document(a_tab("hooks", {**hook, "id": "h2"}, a_node("h3", type="strange"))))

    assert (seen["name"], seen["nodes"], seen["unknown_types"]) == ("Flow hooks", 2, ["strange"])
    assert [(c["kind"], c["detail"]) for c in seen["conflicts"]] == [
        ("name", "Flow hooks"),
        ("hook", "POST /hooks/orders"),
    ]
    assert not seen["acceptable"]
    assert (await nodered.snapshot())["rev"] == rev


@pytest.mark.parametrize(
    ("nodes", "field"),
    [
        ([], "nodes"),
        ([{"id": "x", "type": "inject"}], "nodes"),
        ([*a_tab("a"), *a_tab("b")], "nodes"),
        ([{"id": "", "type": "tab"}], "nodes[0].id"),
        ([{"id": "a"}], "nodes[0].type"),
        (a_tab("a", a_node("n"), a_node("n")), "nodes[2].id"),
        (a_tab("a", a_node("n", wires=[["gone"]])), "nodes[1].wires"),
        (a_tab("a", a_node("n", wires="n")), "nodes[1].wires"),
        (a_tab("a", a_node("n", wires=[[1]])), "nodes[1].wires"),
        ([*a_tab("a"), a_node("n", z=["a"])], "nodes[1].z"),
        (a_tab("a", a_node("n", g="gone")), "nodes[1].g"),
        (a_tab("a", a_node("n", type="subflow:gone")), "nodes[1].type"),
        (a_tab("a", a_node("n", type="link out", links=["gone"])), "nodes[1].links"),
        ([*a_tab("a"), a_node("n")], "nodes[1].z"),
        ([*a_tab("a"), a_node("n", z="gone")], "nodes[1].z"),
        (a_tab("a", a_node("n", credentials={"password": "x"})), "nodes[1].credentials"),
        (
            [*a_tab("a"), {"id": "s", "type": "subflow"}, a_node("n", z="s", type="subflow:s")],
            "nodes",
        ),
        (a_tab("a", a_node("n", payload="\0")), "document"),
    ],
)
async def test_what_is_no_tab_is_refused_with_the_field(dora: Person, nodes: list[Node], field: str) -> None:
    answer = await post(dora, a_document(nodes))

    assert answer.status_code == 422, answer.text
    assert field in [error["field"].removeprefix("body.") for error in answer.json()["errors"]]


async def test_d8_credentials_never_leave_or_come_with_a_flow(nodered: Nodered, dora: Person) -> None:
    """D8: flow data may hold credentials -> never; secret scan at import."""
    secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"  # made up
    flows = a_tab("leaks", a_node("l1", name="call", headers=[{"value": f"Bearer {secret}"}]))
    with_credentials = a_tab("inside", a_node("i1", credentials={"password": "hunter2"}))
    await nodered.deploy([*flows, *with_credentials], dora)
    leaving = await dora.api.get("/workflows/leaks/export")
    coming = await post(dora, a_document(flows))
    seen = await preview(dora, a_document(flows))

    assert [(a.status_code, a.json()["code"]) for a in (leaving, coming)] == [(422, "secrets_in_flow")] * 2
    assert "headers[0].value of call (l1)" in coming.json()["detail"]
    assert coming.json()["errors"] == [{"field": "l1.headers[0].value", "message": "holds GitHub Token"}]
    assert [(s["node_id"], s["field"]) for s in seen["secrets"]] == [("l1", "headers[0].value")]
    assert not [a for a in (leaving.text, coming.text, str(seen)) if secret in a]
    assert "hunter2" not in str(await exported(dora, "inside"))


async def test_unknown_node_types_are_refused_by_name(dora: Person) -> None:
    answer = await post(dora, a_document(a_tab("u", a_node("u1", type="strange"))))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_node_type")
    assert "strange" in answer.json()["detail"]


@pytest.mark.parametrize("role", ["operator", "viewer", "manager"])
async def test_who_may_not_deploy_may_export_and_not_import(
    core: Core, nodered: Nodered, dora: Person, role: str
) -> None:
    await nodered.deploy(a_tab("shown", a_node("sh1")), dora)
    person = await a_person(core, role, f"{role}-exchanges")

    assert (await person.api.get("/workflows/shown/export")).status_code == 200
    assert (await post(person, a_document(a_tab("x")))).status_code == 403


async def test_what_is_not_deployed_is_not_exported(nodered: Nodered, dora: Person) -> None:
    await nodered.deploy(a_tab("retired", a_node("re1")), dora)
    await nodered.deploy([], dora)
    answers = [await dora.api.get(f"/workflows/{id}/export") for id in ("retired", "never")]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(404, "workflow_not_found")] * 2


async def test_a_document_of_a_later_format_is_refused(dora: Person) -> None:
    answer = await post(dora, {**a_document(a_tab("l")), "version": 2})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "document.version"


async def test_what_lies_beside_the_tab_stays_behind(nodered: Nodered, dora: Person) -> None:
    beside = {"id": "g", "type": "global-config", "modules": {}}
    answer = await post(dora, a_document([*a_tab("alone", a_node("al1")), beside]))

    assert answer.status_code == 201, answer.text
    assert not [n for n in (await nodered.snapshot())["flows"] if n["type"] == "global-config"]

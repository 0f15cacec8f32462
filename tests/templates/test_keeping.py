"""Templates: who sees and changes what, versions, ratings, counts, and what comes of them."""

import asyncio
import base64
from typing import Any

import httpx
import orjson
import pytest
from tests.support.core import Core
from tests.workflows.conftest import Nodered, Person, a_node, a_person, a_tab


@pytest.fixture(scope="module")
async def otto(core: Core) -> Person:
    """Another designer."""
    return await a_person(core, "designer", "otto")


@pytest.fixture(scope="module")
async def vera(core: Core) -> Person:
    """Somebody who only looks."""
    return await a_person(core, "viewer", "vera")


def wanted(name: str = "Restart", **more: Any) -> dict[str, Any]:
    nodes = a_tab("t", a_node("n1", wires=[["n2"]]), a_node("n2", type="debug"))
    return {"name": name, "category": "Services", "is_public": True, "template_data": nodes, **more}


async def add(person: Person, name: str = "Restart", **more: Any) -> dict[str, Any]:
    answer = await person.api.post("/workflow-templates", json=wanted(name, **more))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def names(person: Person, **query: Any) -> list[str]:
    answer = await person.api.get("/workflow-templates", params={"limit": 200, **query})
    assert answer.status_code == 200, answer.text
    return [item["name"] for item in answer.json()["items"]]


async def get(person: Person, template: dict[str, Any]) -> httpx.Response:
    return await person.api.get(f"/workflow-templates/{template['id']}")


async def change(person: Person, template: dict[str, Any], **body: Any) -> httpx.Response:
    body = {"based_on": template["version"], **body}
    return await person.api.patch(f"/workflow-templates/{template['id']}", json=body)


async def test_a_template_is_kept_as_it_was_drawn(dora: Person) -> None:
    made = await add(dora, "Kept", description="What it does.", tags=["web", "nginx"])

    assert made["template_data"] == wanted()["template_data"]
    assert (made["version"], made["author_name"], made["tags"]) == (1, "dora", ["nginx", "web"])
    assert (made["rating"], made["rating_count"], made["download_count"]) == (None, 0, 0)
    assert made["may_change"]


async def test_a_private_one_is_seen_by_its_author_and_administrators_only(
    dora: Person, otto: Person, ada: Person, vera: Person
) -> None:
    mine = await add(dora, "Private to Dora", is_public=False)
    seen = {person.username: (await get(person, mine)).status_code for person in (dora, otto, ada, vera)}

    assert seen == {"dora": 200, "otto": 404, "ada": 200, "vera": 404}
    assert "Private to Dora" not in await names(otto)
    assert "Private to Dora" in await names(dora, mine=True)
    path = f"/workflow-templates/{mine['id']}"
    hidden = [
        await otto.api.patch(path, json={"based_on": 1, "name": "x"}),
        await otto.api.delete(path),
        await otto.api.get(f"{path}/versions"),
        await otto.api.get(f"{path}/versions/1"),
        await otto.api.get(f"{path}/export"),
        await otto.api.post(f"{path}/download"),
        await otto.api.post(f"{path}/use", json={}),
        await otto.api.put(f"{path}/rating", json={"stars": 5}),
        await otto.api.delete(f"{path}/rating"),
    ]
    assert {(a.status_code, a.json()["code"]) for a in hidden} == {(404, "template_not_found")}


async def test_a_public_one_is_changed_by_its_author_and_administrators_only(
    dora: Person, otto: Person, ada: Person
) -> None:
    made = await add(dora, "Public")
    by_otto = await change(otto, made, name="Otto's")

    assert (by_otto.status_code, by_otto.json()["code"]) == (403, "template_of_another")
    assert (await otto.api.delete(f"/workflow-templates/{made['id']}")).status_code == 403
    assert not (await get(otto, made)).json()["may_change"]
    assert (await change(ada, made, name="Ada's")).status_code == 200
    assert (await ada.api.delete(f"/workflow-templates/{made['id']}")).status_code == 204


async def test_d6_each_change_of_a_template_is_a_version_of_it(dora: Person, ada: Person) -> None:
    """D6: template versions."""
    made = await add(dora, "Versions", message="First.")
    nodes = a_tab("t", a_node("n1", payload="other"))
    changed = (await change(ada, made, template_data=nodes, message="Another payload.")).json()
    page = (await dora.api.get(f"/workflow-templates/{made['id']}/versions")).json()

    assert (changed["version"], changed["author_name"]) == (2, "dora")
    assert [(v["version"], v["author_name"], v["message"]) for v in page["items"]] == [
        (2, "ada", "Another payload."),
        (1, "dora", "First."),
    ]
    first = (await dora.api.get(f"/workflow-templates/{made['id']}/versions/1")).json()
    assert first["template_data"] == made["template_data"]
    gone = await dora.api.get(f"/workflow-templates/{made['id']}/versions/3")
    assert (gone.status_code, gone.json()["code"]) == (404, "template_version_not_found")


async def test_a_stale_change_says_who_was_first(dora: Person, ada: Person) -> None:
    made = await add(dora, "Stale")
    assert (await change(ada, made, description="Ada's.")).status_code == 200
    answer = await change(dora, made, description="Dora's.")

    assert (answer.status_code, answer.json()["code"]) == (409, "template_changed_meanwhile")
    assert answer.json()["detail"].startswith("ada has saved version 2 since version 1")


async def test_making_it_public_is_no_new_version(dora: Person, otto: Person) -> None:
    made = await add(dora, "Soon public", is_public=False)
    answer = await change(dora, made, is_public=True)

    assert (answer.json()["version"], answer.json()["is_public"]) == (1, True)
    assert (await get(otto, made)).status_code == 200


async def test_d6_a_rating_is_the_average_of_one_for_each_person(
    core: Core, dora: Person, otto: Person, vera: Person
) -> None:
    """D6: `rating` without ratings -> a table with one rating for each person."""
    made = await add(dora, "Rated")
    path = f"/workflow-templates/{made['id']}/rating"
    for person, stars in ((dora, 5), (otto, 2), (otto, 4), (vera, 4)):
        answer = await person.api.put(path, json={"stars": stars})
    rated = answer.json()
    after = (await otto.api.delete(path)).json()

    assert (rated["rating"], rated["rating_count"], rated["my_stars"]) == (4.33, 3, 4)
    assert (after["rating"], after["rating_count"], after["my_stars"]) == (4.5, 2, None)
    assert rated["updated_at"] == made["updated_at"]


async def test_d6_counters_do_not_race(core: Core, dora: Person) -> None:
    """D6: racing counters -> atomic increments."""
    made = await add(dora, "Raced")
    people = [await a_person(core, "viewer", f"racer-{number}") for number in range(12)]
    path = f"/workflow-templates/{made['id']}"
    rated = [
        person.api.put(f"{path}/rating", json={"stars": number % 5 + 1})
        for number, person in enumerate(people)
    ]
    taken = [person.api.post(f"{path}/download") for person in people for _ in range(3)]
    answers = await asyncio.gather(*rated, *taken)
    found = (await get(dora, made)).json()

    assert {answer.status_code for answer in answers} == {200}
    assert (found["rating_count"], found["download_count"]) == (12, 36)
    assert found["rating"] == round(sum(number % 5 + 1 for number in range(12)) / 12, 2)


@pytest.mark.parametrize("stars", [0, 6, 2.5, None, "many"])
async def test_other_stars_than_one_to_five_are_refused(dora: Person, stars: object) -> None:
    made = await add(dora, f"Stars {stars}")
    answer = await dora.api.put(f"/workflow-templates/{made['id']}/rating", json={"stars": stars})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "stars"


async def test_looking_is_not_counted_and_taking_is(dora: Person, vera: Person) -> None:
    made = await add(dora, "Taken")
    path = f"/workflow-templates/{made['id']}"
    looked = (await vera.api.get(f"{path}/export")).json()
    taken = (await vera.api.post(f"{path}/download")).json()

    assert looked["nodes"] == taken["nodes"] == made["template_data"]
    assert (await get(dora, made)).json()["download_count"] == 1


async def test_a_template_becomes_a_disabled_tab_of_whoever_uses_it(
    nodered: Nodered, dora: Person, otto: Person
) -> None:
    made = await add(dora, "Used")
    answer = await otto.api.post(f"/workflow-templates/{made['id']}/use", json={"name": "Mine"})

    assert answer.status_code == 201, answer.text
    id = answer.json()["flow_id"]
    tab = next(node for node in (await nodered.snapshot())["flows"] if node["id"] == id)
    assert (tab["label"], tab["disabled"]) == ("Mine", True)
    assert (await nodered.owners())[id] == "otto"
    assert (await get(dora, made)).json()["download_count"] == 1
    deploys = (await dora.api.get("/deploys")).json()["items"]
    assert deploys[0]["message"] == "Made from the template Used"


async def test_who_may_not_deploy_neither_keeps_nor_uses_templates(
    core: Core, dora: Person, vera: Person
) -> None:
    made = await add(dora, "Guarded")
    olaf = await a_person(core, "operator", "olaf-templates")
    for person in (vera, olaf):
        assert (await get(person, made)).status_code == 200
        assert (await person.api.post("/workflow-templates", json=wanted())).status_code == 403
        assert (await person.api.post(f"/workflow-templates/{made['id']}/use", json={})).status_code == 403


async def test_lists_are_filtered_and_sorted(core: Core, dora: Person, otto: Person) -> None:
    for number, (name, tags) in enumerate((("Zeta", ["x1"]), ("Alpha", ["x1", "x2"]), ("Mid", ["x2"]))):
        made = await add(dora, name, category="Sorting", tags=tags, description=f"find-me-{number}")
        path = f"/workflow-templates/{made['id']}"
        for person in [dora, otto][:number]:
            await person.api.put(f"{path}/rating", json={"stars": 5 - number})
        for _ in range(number):
            await dora.api.post(f"{path}/download")
    mine = {"category": "Sorting"}

    assert await names(dora, **mine) == ["Alpha", "Mid", "Zeta"]
    assert await names(dora, **mine, sort="rating") == ["Alpha", "Mid", "Zeta"]
    assert await names(dora, **mine, sort="downloads") == ["Mid", "Alpha", "Zeta"]
    assert await names(dora, **mine, sort="newest") == ["Mid", "Alpha", "Zeta"]
    assert await names(dora, **mine, tag="x1") == ["Alpha", "Zeta"]
    assert await names(dora, q="FIND-ME-2") == ["Mid"]
    assert await names(dora, **mine, author="dora") == ["Alpha", "Mid", "Zeta"]
    assert await names(otto, **mine, mine=True) == []
    categories = (await dora.api.get("/workflow-templates/categories")).json()["categories"]
    assert categories["Sorting"] == 3


@pytest.mark.parametrize("sort", ["name", "rating", "downloads", "newest"])
async def test_pages_follow_each_other_in_every_order(dora: Person, sort: str) -> None:
    for number in range(5):
        made = await add(dora, f"Page {number}", category=f"Pages {sort}")
        if number % 2:
            path = f"/workflow-templates/{made['id']}/rating"
            await dora.api.put(path, json={"stars": number})
    query = {"category": f"Pages {sort}", "sort": sort}
    whole, cursor = await names(dora, **query), None
    paged: list[str] = []
    while len(paged) < 5:
        page = {**query, "limit": 2, **({"cursor": cursor} if cursor else {})}
        answer = (await dora.api.get("/workflow-templates", params=page)).json()
        paged += [item["name"] for item in answer["items"]]
        cursor = answer["next_cursor"]

    assert paged == whole
    assert cursor is None


@pytest.mark.parametrize("value", ["inf", "nan", "1e400", "-1", "x", "99999999999"])
async def test_a_cursor_of_nobody_s_is_refused_or_leads_nowhere(dora: Person, value: str) -> None:
    id = "01a20c06-c4c1-742b-b37f-ba80e5e35788"
    cursor = base64.urlsafe_b64encode(orjson.dumps([value, id])).decode()
    for sort in ("rating", "downloads"):
        answer = await dora.api.get("/workflow-templates", params={"sort": sort, "cursor": cursor})
        assert answer.status_code in (200, 422), answer.text


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"name": ""}, "name"),
        ({"category": "  "}, "category"),
        ({"category": "c" * 101}, "category"),
        ({"tags": ["not a tag!"]}, "tags.0"),
        ({"description": "d" * 5001}, "description"),
        ({"template_data": []}, "nodes"),
        ({"template_data": "nodes"}, "template_data"),
        ({"template_data": a_tab("t", a_node("n", wires=[["gone"]]))}, "nodes[1].wires"),
        ({"author_name": "somebody"}, "author_name"),
    ],
)
async def test_what_is_no_template_is_refused_with_the_field(
    dora: Person, more: dict[str, Any], field: str
) -> None:
    answer = await dora.api.post("/workflow-templates", json={**wanted(), **more})

    assert answer.status_code == 422, answer.text
    assert field in [error["field"] for error in answer.json()["errors"]]


async def test_d8_a_template_holds_no_secret(dora: Person) -> None:
    """D8: flow data may hold credentials -> never; secrets are looked for."""
    nodes = a_tab("t", a_node("n", command="mysql --password=hunter2"))
    made = await add(dora, "Without")
    answers = [
        await dora.api.post("/workflow-templates", json=wanted(template_data=nodes)),
        await change(dora, made, template_data=nodes),
    ]

    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, "secrets_in_flow")] * 2
    assert "hunter2" not in "".join(answer.text for answer in answers)


async def test_node_types_that_nobody_has_are_refused(dora: Person) -> None:
    nodes = a_tab("t", a_node("n", type="strange"))
    answer = await dora.api.post("/workflow-templates", json=wanted(template_data=nodes))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_node_type")


async def test_a_deleted_author_leaves_the_template_behind(core: Core, ada: Person) -> None:
    gone = await a_person(core, "designer", "gone-author")
    made = await add(gone, "Orphan")
    assert (await core.admin.patch(f"/users/{gone.id}", json={"is_active": False})).is_success

    assert (await get(ada, made)).json()["author_name"] == "gone-author"

"""Lists of targets: filters, totals, facets, and what a list costs."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event
from tests.support.core import Core
from tests.support.registered import add_target

FLEET = [
    {"name": "web-1", "tags": ["web", "eu"], "description": "shows the shop"},
    {"name": "web-2", "tags": ["web"], "environment": "staging"},
    {"name": "db_1", "tags": ["db", "eu"], "status": "maintenance"},
    {"name": "pc%1", "os_type": "windows", "environment": "staging"},
]


@pytest.fixture(scope="module", autouse=True)
async def fleet(core: Core) -> None:
    for target in FLEET:
        more = {key: value for key, value in target.items() if key != "name"}
        await add_target(core, str(target["name"]), 22, None, **more)


FILTERS: dict[str, tuple[dict[str, str], list[str]]] = {
    "nothing": ({}, ["db_1", "pc%1", "web-1", "web-2"]),
    "system": ({"os_type": "windows"}, ["pc%1"]),
    "environment": ({"environment": "staging"}, ["pc%1", "web-2"]),
    "status": ({"status": "maintenance"}, ["db_1"]),
    "tag": ({"tag": "eu"}, ["db_1", "web-1"]),
    "two tags, of which both must fit": ({"tags": "web,eu"}, ["web-1"]),
    "one of several tags": ({"tags": "eu"}, ["db_1", "web-1"]),
    "a part of a tag": ({"tag": "e"}, []),
    "text in the name, in capitals": ({"q": "WEB-"}, ["web-1", "web-2"]),
    "text in the description": ({"q": "shop"}, ["web-1"]),
    "text in the host": ({"q": "127.0.0"}, ["db_1", "pc%1", "web-1", "web-2"]),
    "a percent sign is itself": ({"q": "%"}, ["pc%1"]),
    "an underscore is itself": ({"q": "b_1"}, ["db_1"]),
    "several at once": ({"tag": "web", "environment": "staging"}, ["web-2"]),
    "what nothing has": ({"environment": "moon"}, []),
}


@pytest.mark.parametrize(("filters", "names"), FILTERS.values(), ids=FILTERS.keys())
async def test_a_filter_finds_what_it_says(core: Core, filters: dict[str, str], names: list[str]) -> None:
    page = (await core.admin.get("/targets", params=filters)).json()

    assert sorted(item["name"] for item in page["items"]) == sorted(names)
    assert page["total"] == len(names)


@pytest.mark.parametrize(("filters", "names"), FILTERS.values(), ids=FILTERS.keys())
async def test_flows_find_the_same(core: Core, filters: dict[str, str], names: list[str]) -> None:
    answer = (await core.admin.get(f"{core.url}/api/workflow/targets", params=filters)).json()

    assert sorted(target["name"] for target in answer["targets"]) == sorted(names)
    assert (answer["total"], answer["filters_applied"]) == (len(names), filters)


@pytest.mark.parametrize("path", ["/api/v3/targets", "/api/workflow/targets"])
async def test_an_unknown_filter_is_refused_and_never_means_all(core: Core, path: str) -> None:
    answer = await core.admin.get(f"{core.url}{path}", params={"enviroment": "staging"})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_parameter")
    assert "environment" in answer.json()["detail"]


@pytest.mark.parametrize(
    "filters",
    [{"os_type": "plan9"}, {"status": "broken"}, {"q": "x" * 201}, {"tags": "web,,eu"}, {"tags": ""}],
    ids=str,
)
async def test_a_filter_with_a_value_that_can_not_be_is_refused(core: Core, filters: dict[str, str]) -> None:
    assert (await core.admin.get("/targets", params=filters)).status_code == 422


async def test_pages_of_a_filtered_list_have_the_filtered_total(core: Core) -> None:
    filters: dict[str, str | int] = {"tag": "web", "limit": 1}
    first = (await core.admin.get("/targets", params=filters)).json()
    second = (await core.admin.get("/targets", params={**filters, "cursor": first["next_cursor"]})).json()

    assert [first["items"][0]["name"], second["items"][0]["name"]] == ["web-1", "web-2"]
    assert (first["total"], second["total"], second["next_cursor"]) == (2, 2, None)


async def test_facets_count_the_whole_fleet(core: Core) -> None:
    facets = (await core.admin.get("/targets/facets")).json()

    assert facets == {
        "os_type": {"linux": 3, "windows": 1},
        "environment": {"production": 2, "staging": 2},
        "status": {"active": 3, "maintenance": 1},
        "tag": {"web": 2, "eu": 2, "db": 1},
    }


@contextmanager
def _statements(core: Core) -> Iterator[list[str]]:
    """Note every statement that the core sends to its database."""
    engine = core.app.state.units.sessions.kw["bind"].sync_engine
    noted: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        noted.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        yield noted
    finally:
        event.remove(engine, "before_cursor_execute", note)


SIGN_IN = 1  # statement by which the guard finds out who asks
LISTS = {
    "/targets": SIGN_IN + 1,
    "/targets/facets": SIGN_IN + 1,
    "/credentials": SIGN_IN + 2,
    "/executions": SIGN_IN + 2,
    "/users": SIGN_IN + 1,
    "/audit": SIGN_IN + 1,
    "/workflows": SIGN_IN + 1,
}


async def _cost(core: Core, path: str, limit: int = 200) -> int:
    await core.app.state.units.settle()  # messages of earlier requests are statements too
    with _statements(core) as noted:
        answer = await core.admin.get(path, params={} if "facets" in path else {"limit": limit})
    assert answer.status_code == 200
    return len(noted)


@pytest.fixture(scope="module")
async def costs(core: Core, fleet: None) -> dict[str, tuple[int, int]]:
    """What each list costs, with few rows and with many."""
    few = {path: await _cost(core, path) for path in LISTS}
    ids = []
    for number in range(12):
        body = {"name": f"c{number}", "kind": "password", "username": "root", "password": "x"}
        credential = (await core.admin.post("/credentials", json=body)).json()["id"]
        ids.append((await add_target(core, f"more {number}", 22, credential))["id"])
        await core.admin.post("/users", json={"username": f"user-{number}", "role": "viewer"})
        action = {"action_type": "command", "action_parameters": {"command": "true"}}
        await core.admin.post("/executions", json={"actions": [action], "target_ids": ids})
    many = {path: await _cost(core, path) for path in LISTS}
    for id in ids:
        await core.admin.delete(f"/targets/{id}")
    return {path: (few[path], many[path]) for path in LISTS}


@pytest.mark.parametrize("path", LISTS)
async def test_a_list_costs_the_same_however_long_it_is(costs: dict[str, tuple[int, int]], path: str) -> None:
    assert costs[path] == (LISTS[path], LISTS[path])


@pytest.mark.usefixtures("fleet")
async def test_a_list_of_several_pages_costs_one_statement_more_to_say_how_long_it_is(core: Core) -> None:
    assert await _cost(core, "/targets", limit=1) == LISTS["/targets"] + 1

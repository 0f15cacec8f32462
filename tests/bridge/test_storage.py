"""What Node-RED keeps, through the bridge."""

import httpx
import pytest
from tests.bridge.conftest import Door, a_deploy, newest_rev

SNAPSHOT = "/api/nodered/storage/snapshot"
FLOWS = "/api/nodered/storage/flows"


@pytest.fixture
async def ticket(door: Door) -> str:
    """The editor ticket of a designer."""
    return await door.ticket_of(await door.browser("designer"))


async def test_an_empty_installation_says_so(nodered: httpx.AsyncClient) -> None:
    found = (await nodered.get(SNAPSHOT)).json()

    assert (found["rev"], found["empty"], found["flows"]) == (0, True, [])


async def test_a_deploy_is_there_at_the_next_start(nodered: httpx.AsyncClient, ticket: str) -> None:
    rev = await newest_rev(nodered)
    wanted = a_deploy(ticket, rev)
    saved = await nodered.put(FLOWS, json=wanted)

    assert (saved.status_code, saved.json()) == (200, {"rev": rev + 1})
    found = (await nodered.get(SNAPSHOT)).json()
    assert (found["flows"], found["rev"], found["empty"]) == (wanted["flows"], rev + 1, False)


async def test_a_deploy_on_an_old_one_is_a_conflict(nodered: httpx.AsyncClient, ticket: str) -> None:
    rev = await newest_rev(nodered)
    await nodered.put(FLOWS, json=a_deploy(ticket, rev))
    stale = await nodered.put(FLOWS, json=a_deploy(ticket, rev, "f2"))

    assert (stale.status_code, stale.json()["code"]) == (409, "stale_flows")
    assert await newest_rev(nodered) == rev + 1


async def test_a_node_type_that_is_not_installed_stops_the_deploy(
    nodered: httpx.AsyncClient, ticket: str
) -> None:
    rev = await newest_rev(nodered)
    answer = await nodered.put(FLOWS, json=a_deploy(ticket, rev, known_types=["debug"]))

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_node_type")
    assert "inject" in answer.json()["detail"]
    assert await newest_rev(nodered) == rev


async def test_flows_that_make_no_sense_are_refused(nodered: httpx.AsyncClient, ticket: str) -> None:
    rev = await newest_rev(nodered)
    twice = [{"id": "a", "type": "tab"}, {"id": "a", "type": "tab"}]
    answer = await nodered.put(FLOWS, json=a_deploy(ticket, rev, flows=twice))

    assert (answer.status_code, answer.json()["code"]) == (422, "malformed_flows")


async def test_who_may_not_edit_may_not_deploy(door: Door, nodered: httpx.AsyncClient) -> None:
    ticket = await door.ticket_of(await door.browser("operator"))
    answer = await nodered.put(FLOWS, json=a_deploy(ticket, await newest_rev(nodered)))

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_flows_of_many_megabytes_pass_and_more_do_not(nodered: httpx.AsyncClient, ticket: str) -> None:
    rev = await newest_rev(nodered)
    large = a_deploy(ticket, rev, "f-large")
    large["flows"][1]["info"] = "x" * (12 * 1024 * 1024)
    saved = await nodered.put(FLOWS, json=large)
    large["flows"][1]["info"] = "x" * (17 * 1024 * 1024)
    too_large = await nodered.put(FLOWS, json=large | {"base_rev": rev + 1})

    assert saved.status_code == 200, saved.text[:300]
    assert (too_large.status_code, too_large.json()["code"]) == (413, "request_too_large")
    assert len((await nodered.get(SNAPSHOT)).content) > 12 * 1024 * 1024


@pytest.mark.parametrize("name", ["settings", "sessions"])
async def test_settings_and_sessions_are_kept(nodered: httpx.AsyncClient, name: str) -> None:
    content = {"users": {"ünïcode": [1, 2.5, None]}}
    answer = await nodered.put(f"/api/nodered/storage/documents/{name}", json={"content": content})

    assert answer.status_code == 204
    assert (await nodered.get(SNAPSHOT)).json()[name] == content


async def test_there_are_no_other_documents(nodered: httpx.AsyncClient) -> None:
    answer = await nodered.put("/api/nodered/storage/documents/flows", json={"content": {}})

    assert answer.status_code == 422


async def test_library_entries_are_kept_in_folders(nodered: httpx.AsyncClient) -> None:
    path = "/api/nodered/storage/library/functions"
    saved = await nodered.put(path, params={"path": "mine/ä b.js"}, json={"content": {"body": "return msg"}})
    found = await nodered.get(path, params={"path": "mine/ä b.js"})

    assert saved.status_code == 204
    assert found.json() == {"content": {"body": "return msg"}}
    assert (await nodered.get(path)).json() == {"content": ["mine"]}
    assert (await nodered.get(path, params={"path": "mine"})).json() == {"content": [{"fn": "ä b.js"}]}


@pytest.mark.parametrize("kind", ["..", "%2e%2e", "a%2f..%2f..%2fsnapshot", ".%2e", "a%3fb", "a%00"])
async def test_a_kind_of_library_never_becomes_another_path(
    door: Door, nodered: httpx.AsyncClient, kind: str
) -> None:
    url = httpx.URL(door.url).copy_with(raw_path=f"/api/nodered/storage/library/{kind}".encode())

    assert (await nodered.get(url)).status_code in (404, 422)

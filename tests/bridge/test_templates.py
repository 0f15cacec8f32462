"""Templates for the editor's Import dialog, through the bridge."""

from typing import Any

import httpx
import pytest
from tests.bridge.conftest import KNOWN_TYPES, Door

NODES = [{"id": "t", "type": "tab", "label": "T"}, {"id": "n", "type": "inject", "z": "t", "wires": [[]]}]


@pytest.fixture(scope="module")
async def dana(door: Door, nodered: httpx.AsyncClient) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """A designer: in the browser with a private template, and in the editor."""
    told = await nodered.put("/api/nodered/storage/node-types", json={"known_types": KNOWN_TYPES})
    assert told.status_code == 204, told.text
    browser = await door.browser("designer")
    browser.headers["Origin"] = "http://127.0.0.1:8080"
    wanted = {"name": "Hers", "category": "Own", "template_data": NODES}
    answer = await browser.post("/workflow-templates", json=wanted)
    assert answer.status_code == 201, answer.text
    return browser, await door.client(await door.ticket_of(browser))


async def test_the_dialog_shows_what_its_user_sees(door: Door, dana: Any) -> None:
    _, editor = dana
    other = await door.client(await door.ticket_of(await door.browser("viewer")))
    seen = [
        (await client.get("/api/workflow/template-categories")).json()["categories"]
        for client in (editor, other)
    ]
    hers = (await editor.get("/api/workflow/templates", params={"category": "Own"})).json()
    others = (await other.get("/api/workflow/templates", params={"category": "Own"})).json()

    assert (seen[0].pop("Own"), seen[0]) == (1, seen[1])
    assert seen[1]["Monitoring"] == 2
    assert ([item["name"] for item in hers["items"]], others["items"]) == (["Hers"], [])


async def test_a_template_that_is_taken_comes_with_its_nodes_and_counts(dana: Any) -> None:
    browser, editor = dana
    [item] = (await editor.get("/api/workflow/templates", params={"category": "Own"})).json()["items"]
    taken = await editor.post(f"/api/workflow/templates/{item['id']}/download")

    assert (taken.status_code, taken.json()["nodes"]) == (200, NODES)
    assert (await browser.get(f"/workflow-templates/{item['id']}")).json()["download_count"] == 1


async def test_without_a_person_there_are_no_templates(door: Door, nodered: httpx.AsyncClient) -> None:
    nobody = await door.client()

    assert (await nodered.get("/api/workflow/template-categories")).status_code == 403
    assert (await nobody.get("/api/workflow/template-categories")).status_code == 401


async def test_only_node_red_itself_tells_which_node_types_there_are(dana: Any) -> None:
    _, editor = dana
    answer = await editor.put("/api/nodered/storage/node-types", json={"known_types": ["evil"]})

    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")

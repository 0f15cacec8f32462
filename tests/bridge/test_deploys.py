"""Who deployed what, for the editor, through the bridge."""

import httpx
from tests.bridge.conftest import Door, deploy


async def test_an_editor_is_told_what_was_deployed_since_its_flows(
    door: Door, nodered: httpx.AsyncClient
) -> None:
    await deploy(door, "told-1")
    base = (await nodered.get("/api/nodered/storage/snapshot")).json()["rev"]
    await deploy(door, "told-2")
    editor = await door.client(await door.ticket_of(await door.browser("viewer")))
    answer = await editor.get("/api/workflow/deploys", params={"since": base})

    assert answer.status_code == 200, answer.text
    [newest] = answer.json()["items"]
    assert newest["number"] == base + 1
    assert "told-2" in {change["flow_id"] for change in newest["changes"]}


async def test_who_deployed_is_told_to_people_only(door: Door, nodered: httpx.AsyncClient) -> None:
    nobody = await door.client()

    assert (await nodered.get("/api/workflow/deploys")).status_code == 403
    assert (await nobody.get("/api/workflow/deploys")).status_code == 401


async def test_a_number_that_is_none_is_refused(door: Door) -> None:
    editor = await door.client(await door.ticket_of(await door.browser("viewer")))
    answer = await editor.get("/api/workflow/deploys", params={"since": "yesterday"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

"""Who gets into the editor: the question nginx asks, and the one Node-RED asks."""

import asyncio
import time

import httpx
import pytest
from tests.bridge.conftest import Door

OURS = "http://127.0.0.1:8080"
FOREIGN = "https://evil.example"


async def test_a_session_becomes_a_ticket_that_says_who_it_is(door: Door) -> None:
    browser = await door.browser("designer")
    answer = await door.editor_auth(browser)
    me = (await browser.get("/auth/me")).json()["user"]
    editor = await door.client(answer.headers["x-opsc-session"])
    found = await editor.get("/api/nodered/whoami")

    assert (answer.status_code, answer.headers["cache-control"]) == (204, "no-store")
    assert found.status_code == 200
    assert (found.json()["id"], found.json()["username"]) == (me["id"], me["username"])
    assert "flows.write" in found.json()["permissions"]


async def test_a_ticket_is_not_a_key_to_the_fleet(door: Door) -> None:
    editor = await door.client(await door.ticket_of(await door.browser("administrator")))

    body = {"actions": [{"action_type": "command", "action_parameters": {"command": "true"}}]}
    wanted = body | {"target_ids": ["00000000-0000-4000-8000-000000000000"]}
    assert (await editor.post("/api/workflow/execute", json=wanted)).status_code == 403
    assert (await editor.get("/api/nodered/storage/snapshot")).status_code == 403


async def test_without_a_session_there_is_no_ticket(door: Door) -> None:
    answers = [await door.editor_auth(None), await door.editor_auth(None, Cookie="opsc_session=made-up")]

    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")
        assert answer.headers["cache-control"] == "no-store"
        assert "x-opsc-session" not in answer.headers


async def test_a_token_in_place_of_the_cookie_gives_no_ticket(door: Door) -> None:
    token = (await door.core.admin.get("/auth/me")).request.headers["authorization"]

    answer = await door.editor_auth(None, Authorization=token, Cookie="other=1")
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        {"X_Original_Method": "POST"},
        {"X_Original_Method": "DELETE"},
        {"X_Original_Method": "GET", "X_Original_Upgrade": "websocket"},
        {"X_Original_Method": "GET", "Upgrade": "WebSocket"},
    ],
)
async def test_a_foreign_page_can_do_nothing_with_a_good_session(door: Door, asked: dict[str, str]) -> None:
    browser = await door.browser("administrator")

    for origin in (FOREIGN, "null", f"{OURS}.evil.example", "https://127.0.0.1:8080"):
        refused = await door.editor_auth(browser, Origin=origin, **asked)
        assert (refused.status_code, refused.json()["code"]) == (403, "foreign_origin"), origin
        assert refused.headers["cache-control"] == "no-store"
        assert "x-opsc-session" not in refused.headers
    for control in ({"Origin": OURS}, {"Origin": "http://ops.example", "Host": "ops.example"}, {}):
        assert (await door.editor_auth(browser, **control, **asked)).status_code == 204, control


async def test_a_request_of_unknown_method_is_taken_for_a_dangerous_one(door: Door) -> None:
    browser = await door.browser("designer")
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
    client = await door.client(Cookie=cookie, Origin=FOREIGN)

    assert (await client.get("/internal/editor-auth")).status_code == 403


async def test_after_signing_out_the_editor_is_closed_within_two_seconds(door: Door) -> None:
    browser = await door.browser("designer")
    cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
    editor = await door.client(await door.ticket_of(browser))
    assert (await editor.get("/api/nodered/whoami")).status_code == 200
    assert (await browser.post("/auth/logout")).status_code == 204

    signed_out = time.monotonic()
    while True:
        asked = await door.editor_auth(None, Cookie=cookie), await editor.get("/api/nodered/whoami")
        if [answer.status_code for answer in asked] == [401, 401]:
            break
        assert time.monotonic() - signed_out < 2
        await asyncio.sleep(0.05)


async def test_a_burst_of_the_editor_asks_the_core_once(door: Door) -> None:
    browser = await door.browser("viewer")
    before = await _asked(door)
    answers = await asyncio.gather(*(door.editor_auth(browser) for _ in range(30)))

    assert {answer.status_code for answer in answers} == {204}
    assert await _asked(door) - before <= 2


async def _asked(door: Door) -> int:
    """Return how often the core was asked for a ticket."""
    async with httpx.AsyncClient() as client:
        text = (await client.get(f"{door.core.url}/metrics")).text
    route = 'route="/internal/editor-ticket"'
    counted = [line for line in text.splitlines() if "http_requests_total" in line and route in line]
    return sum(int(float(line.split()[-1])) for line in counted if 'service="core"' in line)

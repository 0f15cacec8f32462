"""The bridge passes on what flows tell."""

from typing import Any

import httpx
from tests.bridge.conftest import Door
from tests.support.core import Core


async def _in_app(core: Core) -> str:
    page = (await core.admin.get("/notification-channels", params={"q": "Web app"})).json()
    return str(page["items"][0]["id"])


async def test_a_notification_goes_all_the_way_and_comes_back(
    core: Core, operator: httpx.AsyncClient
) -> None:
    body = {"title": "Hello", "channel_ids": [await _in_app(core)]}
    headers = {"Idempotency-Key": "by-the-bridge-1"}
    answers = [await operator.post("/api/workflow/notify", json=body, headers=headers) for _ in range(2)]
    id = answers[0].json()["notification_id"]
    found = await operator.get(f"/api/workflow/notifications/{id}", params={"wait": 1})

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json() == found.json()
    assert found.json()["deliveries"][0]["status"] == "delivered"


async def test_an_entry_and_a_preview_go_through(core: Core, operator: httpx.AsyncClient) -> None:
    entry = await operator.post("/api/workflow/audit", json={"event_type": "custom.seen", "message": "x"})
    preview = await operator.post(
        "/api/workflow/notifications/preview", json={"title": "{{a}}", "data": {"a": 1}}
    )
    audited = (await core.admin.get("/audit", params={"action": "flow.custom.seen"})).json()

    assert (entry.status_code, audited["items"][0]["id"]) == (201, entry.json()["audit_id"])
    assert preview.json() == {"title": "1", "body": ""}


async def test_the_person_in_the_editor_sees_channels_and_previews_but_sends_nothing(
    door: Door, core: Core
) -> None:
    editor = await door.client(await door.ticket_of(await door.browser("designer")))
    body: dict[str, Any] = {"title": "x", "channel_ids": [await _in_app(core)]}
    codes = [
        (await editor.get("/api/workflow/notification-channels")).status_code,
        (await editor.post("/api/workflow/notifications/preview", json={"title": "x"})).status_code,
        (await editor.post("/api/workflow/notify", json=body)).status_code,
        (await editor.post("/api/workflow/audit", json={"event_type": "note", "message": "x"})).status_code,
    ]

    assert codes == [200, 200, 403, 403]


async def test_what_is_wrong_is_refused_by_the_bridge_itself(operator: httpx.AsyncClient) -> None:
    answers = [
        await operator.post("/api/workflow/notify", json={"title": "x", "channel_ids": []}),
        await operator.post("/api/workflow/audit", json={"event_type": "user.added", "message": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [422, 422]
    assert [answer.json()["errors"][0]["field"] for answer in answers] == ["channel_ids", "event_type"]

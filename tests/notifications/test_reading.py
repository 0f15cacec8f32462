"""The list in the web app, templates, retention."""

import json
from typing import Any

import pytest
from sqlalchemy import text
from tests.notifications.conftest import Desk

from opsconductor.notifications.dispatch import NotificationRetention
from opsconductor.notifications.errors import TemplateNotFilled
from opsconductor.notifications.templates import filled


@pytest.fixture(scope="module")
async def in_app(desk: Desk) -> str:
    page = (await desk.core.admin.get("/notification-channels", params={"q": "Web app"})).json()
    return str(page["items"][0]["id"])


async def test_each_user_reads_for_themselves(desk: Desk, in_app: str) -> None:
    viewer, other = await desk.core.user("viewer"), await desk.core.user("viewer")
    first = await desk.send(in_app, title="One")
    await desk.send(in_app, title="Two", severity="critical")
    before = (await viewer.get("/notifications", params={"unread": True})).json()
    left = (await viewer.post("/notifications/read", json={"ids": [first["id"]]})).json()
    after = (await viewer.get("/notifications", params={"unread": True})).json()
    seen = (await viewer.get("/notifications")).json()
    others = (await other.get("/notifications", params={"unread": True})).json()

    assert [one["title"] for one in before["items"][:2]] == ["Two", "One"]
    assert (left["unread"], after["total"]) == (before["total"] - 1, before["total"] - 1)
    assert {one["title"]: one["read"] for one in seen["items"][:2]} == {"Two": False, "One": True}
    assert others["total"] == before["total"]


async def test_all_can_be_marked_read_twice(desk: Desk, in_app: str) -> None:
    viewer = await desk.core.user("viewer")
    await desk.send(in_app)
    answers = [(await viewer.post("/notifications/read", json={"all": True})).json() for _ in range(2)]

    assert answers == [{"unread": 0}, {"unread": 0}]


async def test_the_list_is_filtered_and_paged(desk: Desk, in_app: str) -> None:
    for number in range(3):
        await desk.send(in_app, title=f"Filtered {number}", severity="error")
    params: dict[str, Any] = {"q": "filtered", "severity": ["error", "critical"], "limit": 2}
    page = (await desk.core.admin.get("/notifications", params=params)).json()
    rest = (
        await desk.core.admin.get("/notifications", params=params | {"cursor": page["next_cursor"]})
    ).json()

    assert (page["total"], len(page["items"]), len(rest["items"])) == (3, 2, 1)


async def test_what_went_by_other_channels_only_is_not_in_the_list(desk: Desk) -> None:
    off = await desk.channel(name="list is off", kind="in_app", enabled=False)
    await desk.send(off["id"], title="Not for the list")
    page = (await desk.core.admin.get("/notifications", params={"q": "Not for the list"})).json()

    assert page["total"] == 0


async def test_unknown_channels_are_named(desk: Desk) -> None:
    id = "01a20c06-c4c1-742b-b37f-ba80e5e35788"
    answer = await desk.core.admin.post("/notifications", json={"title": "x", "channel_ids": [id]})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_notification_channels")
    assert answer.json()["errors"] == [{"field": "channel_ids", "message": f"unknown: {id}"}]


DATA = {"host": "web-1", "disk": {"used": 93.5, "parts": ["a", "b"]}, "text": "two\nlines", "none": None}
FILLED = {
    "{{host}}": "web-1",
    "{{ host }} is at {{disk.used}} %": "web-1 is at 93.5 %",
    "{{disk.parts.1}}": "b",
    "{{disk.parts}}": '["a", "b"]',
    "{{none}}": "null",
    "{ {host}": "{ {host}",
    "100 {%": "100 {%",
}
UNFILLED = [
    *("{{missing}}", "{{host.inner}}", "{{disk.parts.7}}", "{{disk.parts.-1}}", "{{}}", "{{ }}", "{{1+1}}"),
    *(
        "{{host|upper}}",
        "{{host.__class__}}",
        "{{config['x']}}",
        "{{''.join}}",
        "{{host()}}",
        "{{a\nb}}",
        "{{{host}}}",
    ),
]


@pytest.mark.parametrize(("template", "wanted"), FILLED.items())
def test_placeholders_are_filled_from_the_data(template: str, wanted: str) -> None:
    assert filled("t", template, DATA)[1] == wanted


@pytest.mark.parametrize("template", UNFILLED)
def test_what_the_data_does_not_have_is_refused(template: str) -> None:
    with pytest.raises(TemplateNotFilled) as refused:
        filled("title", template, DATA)

    assert refused.value.errors[0]["field"] == "body"


def test_data_is_never_a_template_itself() -> None:
    assert filled("t", "{{a}}", {"a": "{{b}}", "b": "secret"})[1] == "{{b}}"


def test_a_title_is_one_line() -> None:
    assert filled("{{text}}\r\nBcc: x", "", DATA)[0] == "two lines Bcc: x"


async def test_a_preview_fills_in_and_sends_nothing(desk: Desk) -> None:
    body = {
        "title": "{{host}} is down",
        "body": "since {{since}}",
        "data": {"host": "web-1", "since": "noon"},
    }
    good = await desk.core.admin.post("/notifications/preview", json=body)
    bad = await desk.core.admin.post("/notifications/preview", json=body | {"data": {"host": "web-1"}})

    assert good.json() == {"title": "web-1 is down", "body": "since noon"}
    assert (bad.status_code, bad.json()["code"]) == (422, "template_not_filled")
    assert bad.json()["errors"][0]["field"] == "body"


NESTED: dict[str, Any] = {}
for _ in range(40):
    NESTED = {"a": NESTED}
UNUSABLE = {
    "too large": ({"a": "x" * 17_000}, "data"),
    "too deep": (NESTED, "data"),
    "NUL": ({"host": "\0"}, "data"),
    "half a character": ({"host": "\ud800"}, "data"),
    "too long a title": ({"host": "x" * 201}, "title"),
}


@pytest.mark.parametrize(("data", "field"), UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_data_that_can_not_be_used_is_refused_with_the_field(
    desk: Desk, in_app: str, data: dict[str, Any], field: str
) -> None:
    content = json.dumps({"title": "{{host}}", "data": data, "channel_ids": [in_app]})
    headers = {"Content-Type": "application/json"}
    answer = await desk.core.admin.post("/notifications", content=content, headers=headers)

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["field"] == field


async def test_old_notifications_are_deleted_with_all_that_belongs_to_them(desk: Desk, in_app: str) -> None:
    old = await desk.send(in_app, title="Old")
    young = await desk.send(in_app, title="Young")
    await desk.core.admin.post("/notifications/read", json={"all": True})
    state = desk.core.app.state
    async with state.units.sessions() as session:
        await session.execute(
            text("update notifications set created_at = now() - interval '91 days' where id = :id"),
            {"id": old["id"]},
        )
        await session.commit()
    await NotificationRetention(state.units, desk.core.settings).enforce_notifications()

    statuses = [
        (await desk.core.admin.get(f"/notifications/{one['id']}")).status_code for one in (old, young)
    ]
    assert statuses == [404, 200]
    audited = (await desk.core.admin.get("/audit", params={"action": "notifications.deleted"})).json()
    assert audited["items"][0]["after"]["notifications"] == 1

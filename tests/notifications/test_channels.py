"""Channels are kept, changed by whom that is allowed, and tried."""

from typing import Any

import pytest
from fastapi import Response
from tests.notifications.conftest import SIGNING_KEY, Desk
from tests.support.receivers import Hook, Mailbox

WEBHOOK = {"url": "https://hooks.example.org/secret", "signing_key": SIGNING_KEY}
EMAIL = {"host": "mail.example.org", "sender": "ops@example.org", "recipients": ["a@example.org"]}


async def test_there_is_a_channel_for_the_web_app_from_the_beginning(desk: Desk) -> None:
    page = (await desk.core.admin.get("/notification-channels", params={"q": "web app"})).json()

    assert [(one["name"], one["kind"], one["enabled"]) for one in page["items"]] == [
        ("Web app", "in_app", True)
    ]


async def test_a_channel_shows_everything_but_its_secrets(desk: Desk) -> None:
    hook = await desk.channel(name="hook", kind="webhook", webhook=WEBHOOK)
    mail = await desk.channel(
        name="mail", kind="email", email=EMAIL | {"username": "ops", "password": "s3cret-word"}
    )

    assert hook["webhook"] == {"host": "hooks.example.org"}
    shown = {"port": 587, "security": "starttls", "username": "ops", "has_password": True}
    assert mail["email"] == EMAIL | shown
    assert (mail["last_delivery"], mail["dropped"], mail["per_minute"]) == (None, 0, 60)


WRONG = {
    "no block": {"kind": "webhook"},
    "block of another kind": {"kind": "webhook", "email": EMAIL},
    "two blocks": {"kind": "webhook", "webhook": WEBHOOK, "email": EMAIL},
    "no signing key": {"kind": "webhook", "webhook": {"url": WEBHOOK["url"]}},
    "short signing key": {"kind": "webhook", "webhook": WEBHOOK | {"signing_key": "short"}},
    "another scheme": {"kind": "webhook", "webhook": WEBHOOK | {"url": "file:///etc/passwd"}},
    "a user in the address": {"kind": "webhook", "webhook": WEBHOOK | {"url": "https://a:b@example.org/"}},
    "no encryption": {"kind": "webhook", "webhook": WEBHOOK | {"url": "http://example.org/"}},
    "a line end in the address": {
        "kind": "webhook",
        "webhook": WEBHOOK | {"url": "https://example.org/\r\nX: y"},
    },
    "a port too many": {"kind": "webhook", "webhook": WEBHOOK | {"url": "https://example.org:99999/"}},
    "no service": {"kind": "apprise", "apprise": {"url": "nonsense"}},
    "a line end in a recipient": {
        "kind": "email",
        "email": EMAIL | {"recipients": ["a@b.org\nBcc: c@d.org"]},
    },
    "two recipients in one": {"kind": "email", "email": EMAIL | {"recipients": ["a@b.org, c@d.org"]}},
    "no recipient": {"kind": "email", "email": EMAIL | {"recipients": []}},
    "a user without password": {"kind": "email", "email": EMAIL | {"username": "ops"}},
    "a strange host": {"kind": "email", "email": EMAIL | {"host": "mail example"}},
    "too many a minute": {"kind": "in_app", "per_minute": 1001},
    "unknown severity": {"kind": "in_app", "min_severity": "bad"},
    "an unknown key": {"kind": "in_app", "surplus": True},
}


@pytest.mark.parametrize("wanted", WRONG.values(), ids=WRONG.keys())
async def test_a_channel_that_can_not_work_is_refused_with_the_field(
    desk: Desk, wanted: dict[str, Any]
) -> None:
    answer = await desk.core.admin.post("/notification-channels", json={"name": "wrong", **wanted})

    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["message"]


async def test_a_name_is_taken_once(desk: Desk) -> None:
    await desk.channel(name="Twice", kind="in_app")
    answer = await desk.core.admin.post("/notification-channels", json={"name": "twice", "kind": "in_app"})

    assert (answer.status_code, answer.json()["code"]) == (409, "notification_channel_name_taken")


async def test_only_administrators_lead_a_channel_into_the_own_network(desk: Desk) -> None:
    manager = await desk.core.user("manager")
    wanted = {"name": "inside", "kind": "webhook", "webhook": WEBHOOK, "allow_private": True}
    refused = await manager.post("/notification-channels", json=wanted)
    inside = await desk.channel(**wanted)
    path = f"/notification-channels/{inside['id']}"
    other = {"webhook": {"url": "https://10.0.0.1/"}}
    led_elsewhere = await manager.patch(path, json=other)
    renamed = await manager.patch(path, json={"name": "inside, renamed"})
    outside = (
        await manager.post("/notification-channels", json=wanted | {"name": "out", "allow_private": False})
    ).json()
    opened = await manager.patch(f"/notification-channels/{outside['id']}", json={"allow_private": True})

    codes = [one.json()["code"] for one in (refused, led_elsewhere, opened)]
    assert codes == ["private_address_not_allowed"] * 3
    assert renamed.status_code == 200
    assert (await desk.core.admin.patch(path, json=other)).status_code == 200


async def test_a_kept_password_is_never_sent_to_another_server(desk: Desk) -> None:
    block = EMAIL | {"username": "ops", "password": "s3cret-word"}
    path = f"/notification-channels/{(await desk.channel(name='kept', kind='email', email=block))['id']}"
    without = EMAIL | {"username": "ops"}
    moved = await desk.core.admin.patch(path, json={"email": without | {"host": "evil.example.org"}})
    downgraded = await desk.core.admin.patch(path, json={"email": without | {"security": "none"}})
    same = await desk.core.admin.patch(path, json={"email": without | {"recipients": ["new@example.org"]}})

    for answer in (moved, downgraded):
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email.password")
    assert same.json()["email"]["recipients"] == ["new@example.org"]
    assert same.json()["email"]["has_password"]


async def test_secrets_left_away_in_a_change_stay(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("stays", hook.url)
    await desk.core.admin.patch(
        f"/notification-channels/{channel['id']}", json={"webhook": {"signing_key": "x" * 20}}
    )

    assert (await desk.sent(channel["id"]))["status"] == "delivered"


async def test_permission_that_is_taken_back_counts_at_once(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("taken back", hook.url)
    path = f"/notification-channels/{channel['id']}"
    answer = await desk.core.admin.patch(path, json={"allow_private": False})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "webhook.url")


async def test_the_block_of_another_kind_is_refused_in_a_change(desk: Desk) -> None:
    channel = await desk.channel(name="of one kind", kind="in_app")
    answer = await desk.core.admin.patch(f"/notification-channels/{channel['id']}", json={"email": EMAIL})

    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "email")


async def test_trying_a_channel_really_sends_and_says_what_happened(
    desk: Desk, hook: Hook, mailbox: Mailbox
) -> None:
    good = await desk.email("tried", mailbox)
    bad = await desk.webhook("tried in vain", hook.url, enabled=False)
    hook.answer = lambda: Response(status_code=404)
    answers = [
        (await desk.core.admin.post(f"/notification-channels/{one['id']}/test")).json() for one in (good, bad)
    ]

    assert [(one["delivered"], one["error_code"]) for one in answers] == [(True, None), (False, "refused")]
    assert answers[1]["error_message"].endswith("(status 404).")
    assert b"Test of tried" in mailbox.letters[0].content


async def test_last_deliveries_are_listed_with_their_errors(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("listed", hook.url)
    await desk.sent(channel["id"], title="First")
    hook.answer = lambda: Response(status_code=400)
    await desk.sent(channel["id"], title="Second")
    path = f"/notification-channels/{channel['id']}"
    page = (await desk.core.admin.get(f"{path}/deliveries", params={"limit": 1})).json()
    failed = (await desk.core.admin.get(f"{path}/deliveries", params={"status": "failed"})).json()

    assert (page["total"], page["items"][0]["title"]) == (2, "Second")
    assert [one["error_code"] for one in failed["items"]] == ["refused"]
    assert (await desk.core.admin.get(path)).json()["last_delivery"]["status"] == "failed"


async def test_what_is_not_there_is_404(desk: Desk) -> None:
    id = "01a20c06-c4c1-742b-b37f-ba80e5e35788"
    codes = [
        (await desk.core.admin.get(f"/notification-channels/{id}")).json()["code"],
        (await desk.core.admin.post(f"/notification-channels/{id}/test")).json()["code"],
        (await desk.core.admin.get(f"/notification-channels/{id}/deliveries")).json()["code"],
        (await desk.core.admin.get(f"/notifications/{id}")).json()["code"],
    ]

    assert codes == ["notification_channel_not_found"] * 3 + ["notification_not_found"]

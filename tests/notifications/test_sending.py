"""Notifications are written down, sent, tried again, and their end is said."""

import email
import email.policy
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from fastapi import Response
from sqlalchemy import text
from tests.notifications.conftest import SIGNING_KEY, Desk
from tests.support.core import BEAT, Process
from tests.support.receivers import Hook, Mailbox

from opsconductor.notifications.dispatch import FIRST_PAUSE, LONGEST_PAUSE, pause_after


def _proved(headers: dict[str, str], content: bytes, key: str = SIGNING_KEY) -> bool:
    """Tell whether a request is ours, as a receiver would find out."""
    signed = headers["x-opsconductor-timestamp"].encode() + b"." + content
    wanted = "v1=" + hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(wanted, headers["x-opsconductor-signature"])


async def test_a_webhook_gets_json_whose_signature_its_receiver_can_verify(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("signed", hook.url)
    delivery = await desk.sent(channel["id"], severity="critical")

    [got] = hook.received
    said = json.loads(got.content)
    assert (delivery["status"], delivery["attempts"]) == ("delivered", 1)
    assert (said["title"], said["body"], said["severity"]) == ("Disk full", "on web-1", "critical")
    assert said["delivery_id"] == delivery["id"] == got.headers["x-opsconductor-delivery"]
    assert _proved(got.headers, got.content)
    assert not _proved(got.headers, got.content + b" ")
    assert not _proved(got.headers, got.content, key="another key of somebody")
    assert abs(int(got.headers["x-opsconductor-timestamp"]) - time.time()) < 60


async def test_a_mail_has_subject_text_and_all_recipients(desk: Desk, mailbox: Mailbox) -> None:
    channel = await desk.email("plain mail", mailbox)
    delivery = await desk.sent(channel["id"], severity="warning", title="Größe über 90 %")

    [envelope] = mailbox.letters
    letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert delivery["status"] == "delivered"
    assert letter["Subject"] == "[warning] Größe über 90 %"
    assert letter.get_content().strip() == "on web-1"
    assert envelope.rcpt_tos == ["on-call@example.org", "lead@example.org"]
    assert delivery["id"] in letter["Message-ID"]


async def test_a_refusal_is_final_and_says_why(desk: Desk, hook: Hook) -> None:
    hook.answer = lambda: Response(status_code=410)
    delivery = await desk.sent((await desk.webhook("gone", hook.url))["id"])

    assert (delivery["status"], delivery["error_code"]) == ("failed", "refused")
    assert delivery["error_message"].endswith("refused the notification (status 410).")


async def test_a_server_in_trouble_is_tried_again_until_it_takes_it(desk: Desk, hook: Hook) -> None:
    answers = [503, 429, 200]
    hook.answer = lambda: Response(status_code=answers.pop(0))
    channel = await desk.webhook("in trouble", hook.url)
    accepted = await desk.send(channel["id"])
    dispatcher = desk.dispatcher(first_pause=0.01)
    states = []
    while (found := await desk.now(accepted))["status"] == "pending":
        await dispatcher.dispatch()
        await dispatcher.settle()
        states.append((found["attempts"], found["error_code"]))

    assert (found["status"], found["attempts"], found["error_code"]) == ("delivered", 3, None)
    assert {(0, None), (1, "not_now"), (2, "not_now")} <= set(states)
    assert len({one.headers["x-opsconductor-delivery"] for one in hook.received}) == 1


async def test_after_the_first_failure_there_is_a_pause(desk: Desk, hook: Hook) -> None:
    hook.answer = lambda: Response(status_code=500)
    channel = await desk.webhook("pausing", hook.url)
    delivery = await desk.sent(channel["id"])
    dispatcher = desk.dispatcher()
    await dispatcher.dispatch()
    await dispatcher.settle()

    assert (delivery["status"], delivery["error_code"]) == ("pending", "not_now")
    assert len(hook.received) == 1


def test_pauses_grow_up_to_an_hour() -> None:
    pauses = [pause_after(attempts, FIRST_PAUSE) for attempts in range(1, 8)]

    assert pauses == [10, 40, 160, 640, 2560, 3600, LONGEST_PAUSE]


async def test_redirects_are_not_followed(desk: Desk, hook: Hook) -> None:
    hook.answer = lambda: Response(status_code=307, headers={"Location": hook.url})
    delivery = await desk.sent((await desk.webhook("redirecting", hook.url))["id"])

    assert (delivery["status"], delivery["error_code"]) == ("failed", "redirected")
    assert len(hook.received) == 1


async def test_what_is_too_much_is_dropped_counted_and_said_by_the_next(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("throttled", hook.url, per_minute=2)
    sent = [await desk.send(channel["id"]) for _ in range(5)]
    states = [one["deliveries"][0]["status"] for one in sent]
    counted = (await desk.core.admin.get(f"/notification-channels/{channel['id']}")).json()["dropped"]
    await _a_minute_later(desk)
    await desk.send(channel["id"], title="After the storm")
    dispatcher = desk.dispatcher()
    await dispatcher.dispatch()
    await dispatcher.settle()

    said = {json.loads(one.content)["title"]: json.loads(one.content) for one in hook.received}
    assert states == ["pending", "pending", "dropped", "dropped", "dropped"]
    assert sent[4]["deliveries"][0]["error_code"] == "too_many"
    assert counted == 3
    assert said["After the storm"]["dropped_before"] == 3
    after = (await desk.core.admin.get(f"/notification-channels/{channel['id']}")).json()
    assert after["dropped"] == 0


async def _a_minute_later(desk: Desk) -> None:
    async with desk.core.app.state.units.sessions() as session:
        await session.execute(
            text("update notification_deliveries set created_at = created_at - interval '61 s'")
        )
        await session.commit()


async def test_mails_say_how_many_were_dropped_before(desk: Desk, mailbox: Mailbox) -> None:
    channel = await desk.email("throttled mail", mailbox)
    await desk.core.admin.patch(f"/notification-channels/{channel['id']}", json={"per_minute": 1})
    for _ in range(2):
        await desk.sent(channel["id"])
    await _a_minute_later(desk)
    await desk.sent(channel["id"])

    assert "1 notification was dropped before this one" in mailbox.letters[-1].content.decode()


async def test_a_channel_that_is_off_or_wants_worse_drops_and_says_so(desk: Desk, hook: Hook) -> None:
    off = await desk.webhook("off", hook.url, enabled=False)
    picky = await desk.webhook("picky", hook.url, min_severity="error")
    sent = await desk.send(off["id"], picky["id"], severity="warning")
    worse = await desk.send(picky["id"], severity="error")

    assert [one["error_code"] for one in sent["deliveries"]] == ["channel_off", "below_severity"]
    assert worse["deliveries"][0]["status"] == "pending"


async def test_the_same_key_is_one_notification_and_another_request_is_refused(
    desk: Desk, hook: Hook
) -> None:
    channel = await desk.webhook("once", hook.url)
    body = {"title": "Once", "channel_ids": [channel["id"]]}
    headers = {"Idempotency-Key": "key-of-this-test"}
    answers = [await desk.core.admin.post("/notifications", json=body, headers=headers) for _ in range(2)]
    other = await desk.core.admin.post("/notifications", json=body | {"title": "Other"}, headers=headers)

    assert answers[0].json() == answers[1].json()
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")


async def test_two_senders_never_send_one_delivery_twice(desk: Desk, hook: Hook) -> None:
    hook.delay = 0.05
    channel = await desk.webhook("two senders", hook.url, per_minute=1000)
    for number in range(12):
        await desk.send(channel["id"], title=f"Number {number}")
    first, second = desk.dispatcher(), desk.dispatcher()
    for _ in range(6):
        await first.dispatch()
        await second.dispatch()
        await first.settle()
        await second.settle()

    titles = sorted(json.loads(one.content)["title"] for one in hook.received)
    assert titles == sorted(f"Number {number}" for number in range(12))


@pytest.mark.crash
async def test_a_sender_killed_between_claim_and_send_leaves_nothing_stuck(
    desk: Desk, hook: Hook, tmp_path: Any
) -> None:
    hook.delay = 30
    channel = await desk.webhook("killed", hook.url)
    process = Process(BEAT, desk.core.environment, tmp_path)
    process.wait_until_ready()
    accepted = await desk.send(channel["id"])
    await hook.wait_for(1)
    process.kill()
    hook.delay = 0
    await _claims_end(desk)
    dispatcher = desk.dispatcher()
    await dispatcher.dispatch()
    await dispatcher.settle()

    found = await desk.now(accepted)
    assert (found["status"], found["attempts"]) == ("delivered", 2)
    assert len({one.headers["x-opsconductor-delivery"] for one in hook.received}) == 1


async def _claims_end(desk: Desk) -> None:
    async with desk.core.app.state.units.sessions() as session:
        await session.execute(
            text("update notification_deliveries set claimed_until = now() - interval '1 s'")
        )
        await session.commit()


async def test_a_sender_whose_claim_ended_does_not_overwrite_the_others_word(desk: Desk, hook: Hook) -> None:
    hook.delay = 0.3
    hook.answer = lambda: Response(status_code=500 if len(hook.received) == 1 else 200)
    channel = await desk.webhook("overtaken", hook.url)
    accepted = await desk.send(channel["id"])
    slow, fast = desk.dispatcher(), desk.dispatcher()
    await slow.dispatch()
    await hook.wait_for(1)
    await _claims_end(desk)
    await fast.dispatch()
    await slow.settle()
    await fast.settle()

    assert (await desk.now(accepted))["status"] == "delivered"


async def test_beat_sends_by_itself(desk: Desk, hook: Hook, tmp_path: Any) -> None:
    channel = await desk.webhook("by beat", hook.url)
    process = Process(BEAT, desk.core.environment, tmp_path)
    process.wait_until_ready()
    accepted = await desk.send(channel["id"])
    found = await desk.until(accepted, "delivered")
    process.stop()

    assert found["attempts"] == 1


async def test_what_a_deleted_channel_had_not_sent_is_failed(desk: Desk, hook: Hook) -> None:
    channel = await desk.webhook("deleted", hook.url)
    accepted = await desk.send(channel["id"])
    await desk.core.admin.delete(f"/notification-channels/{channel['id']}")

    found = await desk.now(accepted)
    assert (found["status"], found["error_code"]) == ("failed", "channel_removed")
    assert (found["channel_id"], found["channel_name"]) == (None, "deleted")


async def test_a_hanging_channel_does_not_hold_up_the_others(
    desk: Desk, hook: Hook, mailbox: Mailbox
) -> None:
    hook.delay = 6
    slow = await desk.webhook("hanging", hook.url, per_minute=1000)
    quick = await desk.email("quick", mailbox)
    for _ in range(30):
        await desk.send(slow["id"])
    accepted = await desk.send(quick["id"])
    dispatcher = desk.dispatcher()
    await dispatcher.dispatch()
    found = await desk.until(accepted, "delivered", seconds=5.5)
    await dispatcher.settle()

    assert found["status"] == "delivered"
    assert len(hook.received) == 4
    await desk.core.admin.delete(f"/notification-channels/{slow['id']}")

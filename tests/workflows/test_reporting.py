"""What flows tell: notifications and entries of the audit log, as whoever deployed them."""

import asyncio
import json
from typing import Any

import pytest
from sqlalchemy import text
from tests.audit.entries import without_audit
from tests.notifications.conftest import Desk
from tests.support.core import Core
from tests.support.receivers import hook_server
from tests.workflows.conftest import Nodered, Person, a_node, a_person, a_tab

from opsconductor.contracts.reporting import EVENT_TYPES
from opsconductor.workflows import repository
from opsconductor.workflows.reporting import MASK, redacted

PLACE = {"node_red_flow_id": "told", "node_id": "n1", "node_name": "tell them", "run_id": "run-1"}


@pytest.fixture(scope="module")
async def run(nodered: Nodered, dora: Person) -> Any:
    """A run of a flow that a designer deployed."""
    await nodered.deploy(a_tab("reporting", a_node("reporting-n")), dora)
    return await nodered.running("reporting")


async def _newest(core: Core, action: str) -> dict[str, Any]:
    page = (await core.admin.get("/audit", params={"action": action, "limit": 1})).json()
    return dict(page["items"][0])


async def test_an_entry_has_flow_node_run_and_actor(core: Core, run: Any, dora: Person) -> None:
    body = {"event_type": "change.applied", "message": "patched", "severity": "warning", "data": {"hosts": 3}}
    answer = await run.post("/audit", json={**body, "workflow_context": PLACE})
    entry = await _newest(core, "flow.change.applied")

    assert (answer.status_code, answer.json()) == (201, {"audit_id": entry["id"]})
    assert (entry["actor"]["name"], entry["actor"]["via"]) == (dora.username, "flow:reporting")
    assert entry["object"] == {"type": "flow", "id": "reporting", "name": "tell them"}
    told = {"message": "patched", "severity": "warning", "data": {"hosts": 3}}
    assert entry["after"] == told | {"node_id": "n1", "run_id": "run-1"}


async def _entries(core: Core, action: str) -> int:
    return int((await core.admin.get("/audit", params={"action": action})).json()["total"])


async def test_the_same_key_gives_the_same_entry_also_to_many_at_once(core: Core, run: Any) -> None:
    body = {"event_type": "custom.once", "message": "done", "data": {"n": 1}, "workflow_context": PLACE}
    headers = {"Idempotency-Key": "once-and-only-once"}
    answers = await asyncio.gather(*(run.post("/audit", json=body, headers=headers) for _ in range(10)))
    later = await run.post("/audit", json=body, headers=headers)

    assert {answer.status_code for answer in [*answers, later]} == {201}
    assert len({answer.json()["audit_id"] for answer in [*answers, later]}) == 1
    assert await _entries(core, "flow.custom.once") == 1
    assert (await core.admin.get("/audit/verify")).json()["intact"]


async def test_the_same_text_with_two_keys_or_none_is_as_many_entries(core: Core, run: Any) -> None:
    body = {"event_type": "custom.again", "message": "done"}
    keys: list[dict[str, str]] = [{"Idempotency-Key": f"said-again-{n}"} for n in range(2)]
    for headers in [*keys, {}, {}]:
        assert (await run.post("/audit", json=body, headers=headers)).status_code == 201

    assert await _entries(core, "flow.custom.again") == 4


@pytest.mark.parametrize(
    "change",
    [{"message": "other"}, {"severity": "error"}, {"data": {"n": 2}}, {"event_type": "custom.other"}],
)
async def test_a_key_that_was_used_for_another_entry_is_refused(
    core: Core, run: Any, change: dict[str, Any]
) -> None:
    body = {"event_type": "custom.first", "message": "done", "data": {"n": 1}}
    headers = {"Idempotency-Key": f"used-for-{next(iter(change))}"}
    assert (await run.post("/audit", json=body, headers=headers)).status_code == 201
    before = await _entries(core, "flow.")
    refused = await run.post("/audit", json=body | change, headers=headers)

    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    assert await _entries(core, "flow.") == before


async def test_a_key_of_somebody_else_is_another_key(core: Core, run: Any) -> None:
    body = {"event_type": "custom.shared", "message": "done"}
    headers = {"Idempotency-Key": "one-key-two-people"}
    mine = await run.post("/audit", json=body, headers=headers)
    token = await core.admin.post("/workflow-tokens", json={"name": "other", "scopes": ["audit.write"]})
    other = await core.client(token.json()["token"])
    theirs = await other.post(f"{core.url}/api/workflow/audit", json=body, headers=headers)

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["audit_id"] != theirs.json()["audit_id"]


async def test_a_key_is_free_again_where_its_entry_could_not_be_written(core: Core, run: Any) -> None:
    body = {"event_type": "custom.undone", "message": "x", "data": {"n": 1}}
    headers = {"Idempotency-Key": "never-written"}
    async with without_audit(core):
        refused = await run.post("/audit", json=body, headers=headers)
    answers = [await run.post("/audit", json=body, headers=headers) for _ in range(2)]

    assert refused.status_code == 503
    assert [answer.status_code for answer in answers] == [201, 201]
    assert await _entries(core, "flow.custom.undone") == 1


async def test_keys_are_forgotten_after_a_day_and_entries_stay(core: Core, run: Any) -> None:
    body = {"event_type": "custom.kept", "message": "x"}
    for age in ("23 hours", "25 hours"):
        headers = {"Idempotency-Key": f"written-{age.replace(' ', '-')}-ago"}
        assert (await run.post("/audit", json=body, headers=headers)).status_code == 201
        async with core.app.state.units.begin() as uow:
            older = text(
                "update workflow_audit_keys set created_at = now() - cast(:age as interval) where key = :key"
            )
            await uow.session.execute(older, {"age": age, "key": headers["Idempotency-Key"]})
    async with core.app.state.units.begin() as uow:
        await repository.forget_old_audit_keys(uow.session)
        left = (await uow.session.scalars(text("select key from workflow_audit_keys"))).all()

    assert "written-23-hours-ago" in left
    assert "written-25-hours-ago" not in left
    assert await _entries(core, "flow.custom.kept") == 2


@pytest.mark.parametrize("event_type", [*EVENT_TYPES, "custom.backup", "custom.backup.done_2"])
async def test_these_event_types_are_taken(run: Any, event_type: str) -> None:
    answer = await run.post("/audit", json={"event_type": event_type, "message": "x"})

    assert answer.status_code == 201, answer.text


WRONG = {
    "unknown type": {"event_type": "user.added"},
    "custom without a word": {"event_type": "custom."},
    "custom with capitals": {"event_type": "custom.Backup"},
    "a dot that is another sign": {"event_type": "changeXapplied"},
    "a line end": {"event_type": "note\n"},
    "no message": {"message": "  "},
    "too much data": {"data": {"a": "x" * 17_000}},
    "data that is no object": {"data": [1]},
    "unknown severity": {"severity": "fatal"},
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
async def test_what_is_no_event_is_refused_with_the_field(run: Any, wrong: dict[str, Any]) -> None:
    answer = await run.post("/audit", json={"event_type": "note", "message": "x", **wrong})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] in wrong


SECRET = "hunter2-canary"
HIDDEN = [
    {"password": SECRET},
    {"db_password": SECRET, "API-Key": SECRET, "apiKey": [SECRET], "Authorization": f"Bearer {SECRET}"},
    {"deep": [{"token": {"value": SECRET}}]},
    {"text": f"login with password={SECRET}, then"},
    {"text": f"Authorization: Bearer {SECRET}"},
    {"text": f"my_token: {SECRET}"},
    {"url": f"https://ops:{SECRET}@example.org/x"},
    [f"PASSWORD = {SECRET}"],
]


@pytest.mark.parametrize("data", HIDDEN, ids=str)
def test_what_looks_like_a_secret_is_masked(data: Any) -> None:
    shown = json.dumps(redacted(data), ensure_ascii=False)

    assert SECRET not in shown
    assert MASK in shown


def test_what_does_not_look_like_one_stays() -> None:
    data = {
        "host": "web-1",
        "count": 3,
        "note": "the pass was open",
        "url": "https://example.org/a@b",
        "none": None,
    }

    assert redacted(data) == data


async def test_a_secret_in_an_entry_reaches_neither_log_nor_database(
    core: Core, run: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {"event_type": "note", "message": f"token={SECRET}", "data": {"secret": SECRET, "host": "visible"}}
    await run.post("/audit", json=body)
    entry = json.dumps(await _newest(core, "flow.note"))

    assert SECRET not in entry + capsys.readouterr().out
    assert "visible" in entry


async def test_a_flow_notifies_and_learns_what_became_of_it(core: Core, run: Any) -> None:
    desk = Desk(core)
    async with hook_server() as hook:
        channel = await desk.webhook("of a flow", hook.url)
        body = {"title": "{{n}} failed", "data": {"n": 2}, "channel_ids": [channel["id"]]}
        accepted = (await run.post("/notify", json={**body, "workflow_context": PLACE})).json()
        path = f"/notifications/{accepted['notification_id']}"
        waiting = asyncio.create_task(run.get(path, params={"wait": 20}))
        dispatcher = desk.dispatcher()
        await dispatcher.dispatch()
        await dispatcher.settle()
        ended = (await waiting).json()

    assert (accepted["finished"], accepted["title"]) == (False, "2 failed")
    assert ended["finished"]
    assert ended["deliveries"][0]["status"] == "delivered"
    source = json.loads(hook.received[0].content)["source"]
    assert source == {"by": "dora", "flow_id": "reporting", "node_id": "n1", "run_id": "run-1"}


async def test_a_wait_for_what_stays_pending_ends_in_time(core: Core, run: Any) -> None:
    channel = await Desk(core).webhook("nobody sends", "https://127.0.0.1:9/")
    body = {"title": "x", "channel_ids": [channel["id"]]}
    accepted = (await run.post("/notify", json=body)).json()
    ended = (await run.get(f"/notifications/{accepted['notification_id']}", params={"wait": 0.2})).json()

    assert not ended["finished"]


async def test_the_list_of_channels_for_dialogs_has_names_only(core: Core, run: Any) -> None:
    found = (await run.get("/notification-channels")).json()["channels"]

    assert "Web app" in [one["name"] for one in found]
    assert {key for one in found for key in one} == {"id", "name", "kind", "enabled"}


async def test_a_flow_of_a_viewer_can_neither_notify_nor_report(core: Core, nodered: Nodered) -> None:
    """Who lost the role keeps the flow, but not what it may do."""
    falling = await a_person(core, "designer", "falling")
    await nodered.deploy(a_tab("falling", a_node("falling-n")), falling)
    client = await nodered.running("falling")
    await core.admin.patch(f"/users/{falling.id}", json={"role": "viewer"})
    answers = [
        await client.post("/notify", json={"title": "x", "channel_ids": [falling.id]}),
        await client.post("/audit", json={"event_type": "note", "message": "x"}),
    ]

    assert [answer.status_code for answer in answers] == [403, 403]

"""Reading the audit log: filters, order, and that nothing secret is in it."""

import asyncio
from typing import Any

import pytest
from tests.support.core import Core
from tests.support.registered import add_target

WRONG = "wrong horse battery"


async def _entries(core: Core, **filters: Any) -> list[dict[str, Any]]:
    answer = await core.admin.get("/audit", params={"limit": 200, **filters})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


@pytest.fixture(scope="module")
async def history(core: Core) -> dict[str, Any]:
    """A target that was registered, changed and removed, and some other deeds around it."""
    target = await add_target(core, "with history", 22, None)
    await core.admin.post("/users", json={"username": "somebody", "role": "viewer"})
    await core.admin.patch(f"/targets/{target['id']}", json={"port": 2222, "tags": ["web"]})
    await asyncio.sleep(0.01)
    await core.admin.delete(f"/targets/{target['id']}")
    await (await core.client()).post("/auth/login", json={"username": "somebody", "password": WRONG})
    return target


async def test_the_newest_entry_comes_first(core: Core, history: dict[str, Any]) -> None:
    times = [entry["at"] for entry in await _entries(core)]

    assert times == sorted(times, reverse=True)


async def test_the_history_of_one_object_outlives_it(core: Core, history: dict[str, Any]) -> None:
    found = await _entries(core, object_id=history["id"])

    assert [e["action"] for e in found] == ["target.removed", "target.changed", "target.registered"]
    assert {e["object"]["name"] for e in found} == {"with history"}


async def test_a_change_shows_only_what_changed_before_and_after(core: Core, history: dict[str, Any]) -> None:
    [entry] = await _entries(core, object_id=history["id"], action="target.changed")

    assert entry["before"] == {"port": 22, "tags": []}
    assert entry["after"] == {"port": 2222, "tags": ["web"]}


FILTERS: dict[str, tuple[dict[str, str], set[str]]] = {
    "an action": ({"action": "user.added"}, {"user.added"}),
    "the beginning of actions": (
        {"action": "target."},
        {"target.registered", "target.changed", "target.removed"},
    ),
    "a beginning is no pattern": ({"action": "target_"}, set()),
    "a kind of object": ({"object_type": "user"}, {"user.added", "session.refused"}),
    "who": ({"actor": "admin", "action": "user."}, {"user.added"}),
    "nobody of that name": ({"actor": "adm"}, set()),
}


@pytest.mark.parametrize(("filters", "actions"), FILTERS.values(), ids=FILTERS.keys())
async def test_a_filter_finds_what_it_says(
    core: Core, history: dict[str, Any], filters: dict[str, str], actions: set[str]
) -> None:
    assert {entry["action"] for entry in await _entries(core, **filters)} == actions


async def test_since_is_inclusive_and_until_is_not(core: Core, history: dict[str, Any]) -> None:
    [removed] = await _entries(core, object_id=history["id"], action="target.removed")
    since = await _entries(core, object_id=history["id"], since=removed["at"])
    until = await _entries(core, object_id=history["id"], until=removed["at"])

    assert [entry["action"] for entry in since] == ["target.removed"]
    assert [entry["action"] for entry in until] == ["target.changed", "target.registered"]


async def test_a_time_without_a_zone_is_taken_as_utc(core: Core, history: dict[str, Any]) -> None:
    [removed] = await _entries(core, object_id=history["id"], action="target.removed")
    naive = removed["at"].removesuffix("Z")

    assert len(await _entries(core, object_id=history["id"], since=naive)) == 1


@pytest.mark.parametrize(
    "filters", [{"sinse": "2026-01-01T00:00:00Z"}, {"since": "yesterday"}, {"action": "x" * 256}], ids=str
)
async def test_a_filter_that_makes_no_sense_is_refused(core: Core, filters: dict[str, str]) -> None:
    assert (await core.admin.get("/audit", params=filters)).status_code == 422


async def test_a_refused_sign_in_names_the_account_and_nobody_as_actor(
    core: Core, history: dict[str, Any]
) -> None:
    [entry] = await _entries(core, action="session.refused")

    assert (entry["outcome"], entry["object"]["name"]) == ("refused", "somebody")
    assert (entry["actor"]["kind"], entry["actor"]["name"]) == ("anonymous", "")


async def test_a_replaced_secret_is_told_of_but_not_told(core: Core) -> None:
    body = {"name": "secretive", "kind": "password", "username": "root", "password": "0ld-s3cret"}
    credential = (await core.admin.post("/credentials", json=body)).json()["id"]
    await core.admin.patch(f"/credentials/{credential}", json={"password": "n3w-s3cret"})
    changed, added = await _entries(core, object_id=credential)

    assert changed["after"] == {"secret": "replaced"}
    assert "s3cret" not in str((changed, added))


async def test_a_new_password_is_told_of_but_not_told(core: Core) -> None:
    user = (await core.admin.post("/users", json={"username": "changing", "role": "viewer"})).json()["id"]
    await core.admin.patch(f"/users/{user}", json={"password": "n3w-s3cret-passphrase"})
    changed, _ = await _entries(core, object_id=user)

    assert changed["after"] == {"password": "changed"}
    assert changed["before"] == {}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_nobody_writes_into_the_log(core: Core, method: str) -> None:
    [entry, *_] = await _entries(core)
    answers = [await core.admin.request(method, path) for path in ("/audit", f"/audit/{entry['id']}")]

    assert {answer.status_code for answer in answers} <= {404, 405}

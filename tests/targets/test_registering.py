"""Registering, changing, finding and removing targets."""

import pytest
from tests.support.core import Core
from tests.support.registered import add_target

NOBODY = "01a20c06-c4c1-742b-b37f-ba80e5e35788"


async def test_a_target_is_registered_with_what_was_given_and_sensible_rest(core: Core) -> None:
    answer = await core.admin.post("/targets", json={"name": "  web-1 ", "host": "web-1.example.org"})

    target = answer.json()
    assert answer.status_code == 201
    assert (target["name"], target["host"], target["port"]) == ("web-1", "web-1.example.org", 22)
    assert (target["os_type"], target["status"], target["environment"]) == ("linux", "active", "production")
    assert (target["tags"], target["host_key"], target["last_test"]) == ([], None, None)


HOSTS = {
    "10.0.0.1": "10.0.0.1",
    "2001:DB8::1": "2001:db8::1",
    "[2001:db8::2]": "2001:db8::2",
    "web_1": "web_1",
    "a.b-c.example.": "a.b-c.example.",
}


@pytest.mark.parametrize(("given", "kept"), HOSTS.items(), ids=HOSTS.keys())
async def test_names_and_addresses_of_hosts_are_taken(core: Core, given: str, kept: str) -> None:
    answer = await core.admin.post("/targets", json={"name": f"at {given}", "host": given})

    assert (answer.status_code, answer.json()["host"]) == (201, kept)


REFUSED = {
    "no name": {"name": " "},
    "a long name": {"name": "x" * 201},
    "no host": {"host": ""},
    "a host with a port": {"host": "web-1:22"},
    "a host with a user": {"host": "root@web-1"},
    "a host that is an option": {"host": "-oProxyCommand=id"},
    "a host that is a command": {"host": "web-1; id"},
    "a host with a blank": {"host": "web 1"},
    "a host that is a URL": {"host": "ssh://web-1"},
    "a long host": {"host": "x" * 254},
    "port 0": {"port": 0},
    "port 65536": {"port": 65536},
    "a port in words": {"port": "ssh"},
    "an unknown system": {"os_type": "plan9"},
    "an unknown status": {"status": "broken"},
    "an unknown policy": {"host_key_policy": "accept-all"},
    "a tag with a blank": {"tags": ["a b"]},
    "51 tags": {"tags": [f"t{n}" for n in range(51)]},
    "no id as credential": {"credential_id": "root"},
    "a key that is ours to set": {"host_key": "ssh-ed25519 AAAA"},
    "an unknown key": {"hots": "web-1"},
}


@pytest.mark.parametrize("wrong", REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_wrong_is_refused_by_name(core: Core, wrong: dict[str, object]) -> None:
    answer = await core.admin.post("/targets", json={"name": "refused", "host": "web-1"} | wrong)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["field"].split(".")[0] in wrong


async def test_tags_are_kept_in_small_letters_sorted_and_once(core: Core) -> None:
    target = await add_target(core, "tagged", 22, None, tags=["web", "DB", "web", " cache "])

    assert target["tags"] == ["cache", "db", "web"]


@pytest.mark.parametrize("name", ["taken", "TAKEN", " taken "])
async def test_a_taken_name_is_a_conflict(core: Core, name: str) -> None:
    await core.admin.post("/targets", json={"name": "taken", "host": "web-1"})
    answer = await core.admin.post("/targets", json={"name": name, "host": "web-2"})

    assert (answer.status_code, answer.json()["code"]) == (409, "target_name_taken")


async def test_a_taken_name_is_a_conflict_when_renaming_but_the_own_is_not(core: Core) -> None:
    first, second = [await add_target(core, name, 22, None) for name in ("one name", "two name")]
    taken = await core.admin.patch(f"/targets/{second['id']}", json={"name": "ONE NAME"})
    own = await core.admin.patch(f"/targets/{first['id']}", json={"name": "ONE NAME"})

    assert (taken.status_code, own.status_code) == (409, 200)


async def test_a_credential_that_does_not_exist_is_refused(core: Core) -> None:
    body = {"name": "without", "host": "web-1", "credential_id": NOBODY}
    answer = await core.admin.post("/targets", json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_credential")


async def test_a_target_can_not_be_given_a_credential_that_does_not_exist(core: Core) -> None:
    target = await add_target(core, "has none", 22, None)
    answer = await core.admin.patch(f"/targets/{target['id']}", json={"credential_id": NOBODY})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_credential")


async def _credential(core: Core, name: str) -> str:
    body = {"name": name, "kind": "password", "username": "root", "password": "s3cret"}
    return str((await core.admin.post("/credentials", json=body)).json()["id"])


async def test_a_credential_is_given_shown_by_name_and_taken_away(core: Core) -> None:
    target = await add_target(core, "given", 22, None)
    path = f"/targets/{target['id']}"
    credential = await _credential(core, "a key to it")
    given = (await core.admin.patch(path, json={"credential_id": credential})).json()
    taken = (await core.admin.patch(path, json={"credential_id": None})).json()

    assert (given["credential_id"], given["credential_name"]) == (credential, "a key to it")
    assert (taken["credential_id"], taken["credential_name"]) == (None, None)


async def test_a_credential_is_exchanged_for_another(core: Core) -> None:
    first, second = await _credential(core, "first key"), await _credential(core, "second key")
    target = await add_target(core, "exchanged", 22, first)
    changed = await core.admin.patch(f"/targets/{target['id']}", json={"credential_id": second})

    assert changed.json()["credential_name"] == "second key"
    assert (await core.admin.get(f"/targets/{target['id']}")).json()["credential_id"] == second


async def test_what_is_left_away_or_null_stays(core: Core) -> None:
    target = await add_target(core, "stays", 22, None, tags=["web"], description="about it")
    body = {"port": 2222, "name": None, "tags": None}
    changed = (await core.admin.patch(f"/targets/{target['id']}", json=body)).json()

    assert changed | {"port": 22, "updated_at": target["updated_at"]} == target


async def test_a_removed_target_is_gone(core: Core) -> None:
    target = await add_target(core, "goes", 22, None)
    answer = await core.admin.delete(f"/targets/{target['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await core.admin.get(f"/targets/{target['id']}")).status_code == 404


CALLS = [("GET", ""), ("PATCH", ""), ("DELETE", ""), ("POST", "/test"), ("DELETE", "/host-key")]


@pytest.mark.parametrize(("method", "path"), CALLS)
async def test_a_target_that_does_not_exist_is_a_404(core: Core, method: str, path: str) -> None:
    body = {} if method == "PATCH" else None
    answer = await core.admin.request(method, f"/targets/{NOBODY}{path}", json=body)

    assert (answer.status_code, answer.json()["code"]) == (404, "target_not_found")


async def test_an_id_that_is_none_is_refused(core: Core) -> None:
    answer = await core.admin.get("/targets/web-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

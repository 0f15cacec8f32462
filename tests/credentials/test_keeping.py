"""Credentials over HTTP: what is accepted, what is refused, what is shown."""

import asyncio

import asyncssh
import httpx
import pytest
from tests.support.core import Core
from tests.support.registered import add_target

PASSWORD = {"kind": "password", "username": "root", "password": "s3cret"}


async def _add(core: Core, name: str, **more: object) -> httpx.Response:
    wanted = {"name": name, **(more or PASSWORD)}
    return await core.admin.post("/credentials", json=wanted)


async def test_a_password_is_accepted_and_not_shown(core: Core) -> None:
    answer = await _add(core, "with a password")

    assert answer.status_code == 201
    assert {"password", "private_key", "passphrase"}.isdisjoint(answer.json())
    assert "s3cret" not in answer.text


async def test_a_key_is_accepted_and_shown_by_its_fingerprint(core: Core, plain_key: str) -> None:
    answer = await _add(core, "with a key", kind="ssh_key", username="root", private_key=plain_key)

    fingerprint = asyncssh.import_private_key(plain_key).get_fingerprint()
    assert (answer.status_code, answer.json()["public_key_fingerprint"]) == (201, fingerprint)
    assert answer.json()["has_passphrase"] is False


async def test_a_key_with_its_passphrase_is_accepted(core: Core, locked_key: str) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": locked_key, "passphrase": "open sesame"}
    answer = await _add(core, "with a passphrase", **wanted)

    assert (answer.status_code, answer.json()["has_passphrase"]) == (201, True)


@pytest.mark.parametrize("passphrase", ["open barley", None], ids=["wrong", "missing"])
async def test_a_key_that_does_not_open_is_refused_and_not_stored(
    core: Core, locked_key: str, passphrase: str | None
) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": locked_key, "passphrase": passphrase}
    answer = await _add(core, "never stored", **wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "private_key_unusable")
    assert answer.json()["errors"][0]["field"] == ("passphrase" if passphrase else "private_key")
    page = await core.admin.get("/credentials", params={"q": "never stored"})
    assert page.json()["total"] == 0


REFUSED = {
    "no secret": {"kind": "password", "username": "root"},
    "an empty secret": {"kind": "password", "username": "root", "password": ""},
    "a key instead of a password": {"kind": "password", "username": "root", "private_key": "x"},
    "a password beside a key": {"kind": "ssh_key", "username": "r", "private_key": "x", "password": "x"},
    "a key without the key": {"kind": "ssh_key", "username": "root", "passphrase": "x"},
    "an unknown kind": {"kind": "token", "username": "root", "password": "x"},
    "no user name": {"kind": "password", "password": "x"},
    "a user name with a blank": {"kind": "password", "username": "ro ot", "password": "x"},
    "an unknown key": PASSWORD | {"pasword": "x"},
    "a secret without end": PASSWORD | {"password": "x" * 20_001},
    "a secret with NUL": PASSWORD | {"password": "x\0"},
    "a secret that is no text": PASSWORD | {"password": 42},
}


@pytest.mark.parametrize("wanted", REFUSED.values(), ids=REFUSED.keys())
async def test_what_does_not_fit_together_is_refused(core: Core, wanted: dict[str, object]) -> None:
    answer = await _add(core, "refused", **wanted)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize(
    "key", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "ssh-ed25519 AAAA"]
)
async def test_what_is_no_private_key_is_refused(core: Core, key: str) -> None:
    answer = await _add(core, "refused", kind="ssh_key", username="root", private_key=key)

    assert answer.status_code == 422


async def test_a_taken_name_is_refused_also_in_capitals(core: Core) -> None:
    await _add(core, "taken")
    answer = await _add(core, "TAKEN")

    assert (answer.status_code, answer.json()["code"]) == (409, "credential_name_taken")


async def test_a_taken_name_is_refused_when_renaming_but_the_own_is_not(core: Core) -> None:
    first, second = (await _add(core, "one name")).json(), (await _add(core, "two name")).json()
    taken = await core.admin.patch(f"/credentials/{second['id']}", json={"name": "one name"})
    own = await core.admin.patch(f"/credentials/{first['id']}", json={"name": "ONE name"})

    assert (taken.status_code, own.status_code) == (409, 200)


async def test_what_is_left_away_stays(core: Core) -> None:
    added = (await _add(core, "changes")).json()
    changed = (await core.admin.patch(f"/credentials/{added['id']}", json={"username": "admin"})).json()

    assert changed | {"username": "root", "updated_at": added["updated_at"]} == added


async def test_a_limit_of_operations_is_set_and_taken_away(core: Core) -> None:
    wanted = {"name": "few", "kind": "password", "username": "ops", "password": "x1y2z3", "max_parallel": 3}
    added = (await core.admin.post("/credentials", json=wanted)).json()
    kept = await core.admin.patch(f"/credentials/{added['id']}", json={"description": "for the switches"})
    freed = await core.admin.patch(f"/credentials/{added['id']}", json={"max_parallel": None})

    assert [answer["max_parallel"] for answer in (added, kept.json(), freed.json())] == [3, 3, None]


async def test_a_new_key_without_a_passphrase_drops_the_old_passphrase(
    core: Core, plain_key: str, locked_key: str
) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": locked_key, "passphrase": "open sesame"}
    added = (await _add(core, "renewed", **wanted)).json()
    changed = await core.admin.patch(f"/credentials/{added['id']}", json={"private_key": plain_key})

    assert changed.json()["has_passphrase"] is False
    assert changed.json()["public_key_fingerprint"] != added["public_key_fingerprint"]


FOREIGN = {"password": "x", "passphrase": "x"}


@pytest.mark.parametrize(("field", "value"), FOREIGN.items(), ids=FOREIGN.keys())
async def test_a_key_credential_takes_no_password_and_no_passphrase_alone(
    core: Core, plain_key: str, field: str, value: str
) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": plain_key}
    added = (await _add(core, f"a key, no {field}", **wanted)).json()
    answer = await core.admin.patch(f"/credentials/{added['id']}", json={field: value})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_credential_in_use_is_not_deleted(core: Core) -> None:
    credential = (await _add(core, "in use")).json()["id"]
    await add_target(core, "user of it", 22, credential)
    answer = await core.admin.delete(f"/credentials/{credential}")

    assert (answer.status_code, answer.json()["code"]) == (409, "credential_in_use")
    assert "1 targets" in answer.json()["detail"]


async def test_a_credential_no_longer_in_use_is_deleted(core: Core) -> None:
    credential = (await _add(core, "given up")).json()["id"]
    target = await add_target(core, "was user of it", 22, credential)
    await core.admin.patch(f"/targets/{target['id']}", json={"credential_id": None})
    answer = await core.admin.delete(f"/credentials/{credential}")

    assert answer.status_code == 204
    assert (await core.admin.get(f"/credentials/{credential}")).status_code == 404


async def test_a_credential_deleted_while_a_target_takes_it_is_never_an_accident(core: Core) -> None:
    target = await add_target(core, "takes it", 22, None)
    for number in range(5):
        credential = (await _add(core, f"contended {number}")).json()["id"]
        taken, deleted = await asyncio.gather(
            core.admin.patch(f"/targets/{target['id']}", json={"credential_id": credential}),
            core.admin.delete(f"/credentials/{credential}"),
        )

        assert (taken.status_code, deleted.status_code) in {(200, 409), (422, 204), (409, 204)}


async def test_the_list_tells_how_many_targets_use_each(core: Core) -> None:
    credential = (await _add(core, "counted")).json()["id"]
    for name in ("counted 1", "counted 2"):
        await add_target(core, name, 22, credential)
    page = await core.admin.get("/credentials", params={"q": "counted"})

    assert [(item["name"], item["target_count"]) for item in page.json()["items"]] == [("counted", 2)]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_a_credential_that_does_not_exist_is_a_404(core: Core, method: str) -> None:
    path = "/credentials/01a20c06-c4c1-742b-b37f-ba80e5e35788"
    answer = await core.admin.request(method, path, json={} if method == "PATCH" else None)

    assert (answer.status_code, answer.json()["code"]) == (404, "credential_not_found")


AUTHORITY = asyncssh.generate_private_key("ssh-ed25519")


def _certificate(key: str, **more: object) -> str:
    """Return a certificate of the authority for a private key."""
    options = {"principals": ["root", "deploy"], "serial": 2**63, "valid_before": "+1h"} | more
    public = asyncssh.import_private_key(key)
    return AUTHORITY.generate_user_certificate(public, "ops-7", **options).export_certificate().decode()


async def test_a_certificate_is_shown_by_what_it_says(core: Core, plain_key: str) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": plain_key}
    added = await _add(core, "certified", **wanted, certificate=_certificate(plain_key) + "\n")

    shown = added.json()["certificate"]
    assert added.status_code == 201
    assert (shown["key_id"], shown["serial"], shown["principals"]) == (
        "ops-7",
        str(2**63),
        ["root", "deploy"],
    )
    assert shown["authority_fingerprint"] == AUTHORITY.get_fingerprint()
    assert (shown["valid_after"], shown["valid_before"] is None) == (None, False)


async def test_a_certificate_is_renewed_without_the_key_and_taken_away_by_null(
    core: Core, plain_key: str
) -> None:
    added = (
        await _add(core, "certificate renewed", kind="ssh_key", username="root", private_key=plain_key)
    ).json()
    path = f"/credentials/{added['id']}"
    given = await core.admin.patch(path, json={"certificate": _certificate(plain_key)})
    renewed = await core.admin.patch(path, json={"certificate": _certificate(plain_key, serial=8)})
    kept = await core.admin.patch(path, json={"description": "as it was"})
    taken = await core.admin.patch(path, json={"certificate": None})

    assert given.json()["certificate"]["serial"] == str(2**63)
    assert renewed.json()["certificate"]["serial"] == kept.json()["certificate"]["serial"] == "8"
    assert (taken.status_code, taken.json()["certificate"]) == (200, None)


async def test_a_new_key_drops_the_certificate_of_the_old_one(
    core: Core, plain_key: str, locked_key: str
) -> None:
    wanted = {"kind": "ssh_key", "username": "root", "private_key": plain_key}
    added = (await _add(core, "rekeyed", **wanted, certificate=_certificate(plain_key))).json()
    body = {"private_key": locked_key, "passphrase": "open sesame"}
    changed = await core.admin.patch(f"/credentials/{added['id']}", json=body)

    assert (changed.status_code, changed.json()["certificate"]) == (200, None)


UNUSABLE = {
    "of another key": "another private key",
    "expired": "was valid until",
    "garbage": "can't be read",
    "of a host": "of a host",
}


@pytest.mark.parametrize("kind", UNUSABLE)
async def test_a_certificate_that_is_of_no_use_is_refused(core: Core, plain_key: str, kind: str) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    made = {
        "of another key": _certificate(other),
        "expired": _certificate(plain_key, valid_after="-2h", valid_before="-1h"),
        "garbage": "ssh-ed25519-cert-v01@openssh.com AAAA",
        "of a host": AUTHORITY.generate_host_certificate(AUTHORITY, "web").export_certificate().decode(),
    }
    wanted = {"kind": "ssh_key", "username": "root", "private_key": plain_key}
    answer = await _add(core, f"refused: {kind}", **wanted, certificate=made[kind])

    assert (answer.status_code, answer.json()["code"]) == (422, "certificate_not_usable")
    assert answer.json()["errors"][0]["field"] == "certificate"
    assert UNUSABLE[kind] in answer.json()["detail"]


async def test_a_certificate_that_is_not_valid_yet_is_taken(core: Core, plain_key: str) -> None:
    later = _certificate(plain_key, valid_after="+1h", valid_before="+2h")
    wanted = {"kind": "ssh_key", "username": "root", "private_key": plain_key}

    assert (await _add(core, "for tomorrow", **wanted, certificate=later)).status_code == 201


async def test_a_password_has_no_certificate(core: Core, plain_key: str) -> None:
    line = _certificate(plain_key)
    added = (await _add(core, "a password, no certificate")).json()
    answers = (
        await _add(core, "refused", **PASSWORD, certificate=line),
        await core.admin.patch(f"/credentials/{added['id']}", json={"certificate": line}),
    )

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (422, "invalid_request")
    ] * 2


@pytest.mark.parametrize("kind", ["password", "ssh_key"])
async def test_a_become_password_is_kept_replaced_and_taken_away_without_being_shown(
    core: Core, plain_key: str, kind: str
) -> None:
    key = {"kind": "ssh_key", "username": "root", "private_key": plain_key}
    wanted = PASSWORD if kind == "password" else key
    added = await _add(core, f"becomes, {kind}", **wanted, become_password="of-sudo")
    path = f"/credentials/{added.json()['id']}"
    kept = await core.admin.patch(path, json={"description": "as it was"})
    replaced = await core.admin.patch(path, json={"become_password": "of-sudo-2"})
    taken = await core.admin.patch(path, json={"become_password": None})

    told = [answer.json()["has_become_password"] for answer in (added, kept, replaced, taken)]
    assert told == [True, True, True, False]
    assert not [answer for answer in (added, kept, replaced, taken) if "of-sudo" in answer.text]
    assert "become_password" not in added.json()

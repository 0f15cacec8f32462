"""Connection tests over jump hosts, with certificates, with old servers, by IPv6: real sshd on both ends."""

from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.openssh import FORWARDING, OpenSsh, running_openssh
from tests.support.registered import add_target

from opsconductor.stack.fleet import keys
from opsconductor.transports.hostkeys import fingerprint

CLIENT = asyncssh.generate_private_key("ssh-ed25519")
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd0jcLkrNCzPKvjhFZcWfFXvX1YLRrXFw0DxZCdkbpc"


@pytest.fixture(scope="module")
async def bastion() -> AsyncIterator[OpenSsh]:
    async with running_openssh(FORWARDING, client_key=CLIENT) as server:
        yield server


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenSsh]:
    async with running_openssh(client_key=CLIENT) as running:
        yield running


@pytest.fixture(scope="module")
async def credential(core: Core, server: OpenSsh) -> str:
    return await _add(core, "the key")


async def _add(core: Core, name: str, **more: object) -> str:
    private = CLIENT.export_private_key().decode()
    wanted = {"name": name, "kind": "ssh_key", "username": "root", "private_key": private, **more}
    answer = await core.admin.post("/credentials", json=wanted)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


class Pair:
    """A target behind a jump host, both registered and never tested."""

    def __init__(self, core: Core, host: dict[str, Any], target: dict[str, Any]) -> None:
        self.core, self.host_id, self.target_id = core, host["id"], target["id"]

    async def test(self) -> dict[str, Any]:
        answer = await self.core.admin.post(f"/targets/{self.target_id}/test")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def shown(self, id: str) -> dict[str, Any]:
        return dict((await self.core.admin.get(f"/targets/{id}")).json())

    async def pin(self, id: str, key: str) -> None:
        async with self.core.app.state.units.sessions() as session:
            pinned = text("update targets set host_key = :key, host_key_pinned_at = now() where id = :id")
            await session.execute(pinned, {"key": key, "id": id})
            await session.commit()


@pytest.fixture
async def pair(
    core: Core, bastion: OpenSsh, server: OpenSsh, credential: str, request: pytest.FixtureRequest
) -> Pair:
    name = request.node.name[:150]
    host = await add_target(core, f"{name} host", bastion.endpoint.port, credential)
    target = await add_target(core, name, server.endpoint.port, credential, jump_target_id=host["id"])
    return Pair(core, host, target)


async def test_a_target_is_reached_through_its_jump_host(pair: Pair, bastion: OpenSsh) -> None:
    before = bastion.logins
    outcome = await pair.test()

    assert (outcome["ok"], outcome["detail"], outcome["failed_hop_id"]) == (True, None, None)
    assert bastion.logins == before + 1


async def test_the_first_contact_pins_the_keys_of_both(pair: Pair, bastion: OpenSsh, server: OpenSsh) -> None:
    outcome = await pair.test()

    host = await pair.shown(pair.host_id)
    assert outcome["host_key"]["fingerprint"] == fingerprint(server.host_key)
    assert host["host_key"]["fingerprint"] == fingerprint(bastion.host_key)
    for id in (pair.host_id, pair.target_id):
        params = {"object_id": id, "action": "target.host_key_pinned"}
        assert (await pair.core.admin.get("/audit", params=params)).json()["total"] == 1


async def test_a_jump_host_that_requires_approval_is_not_gone_through_before(
    pair: Pair, bastion: OpenSsh, server: OpenSsh
) -> None:
    policy = {"host_key_policy": "require-approval"}
    await pair.core.admin.patch(f"/targets/{pair.host_id}", json=policy)
    before = bastion.logins, server.logins
    refused = await pair.test()
    host = await pair.shown(pair.host_id)
    await pair.core.admin.put(
        f"/targets/{pair.host_id}/host-key",
        json={"fingerprint": host["offered_host_key"]["fingerprint"]},
    )

    assert (refused["error_code"], refused["failed_hop_id"]) == ("host_key_unapproved", pair.host_id)
    assert (bastion.logins, server.logins) == before
    assert refused["offered_host_key"] is None
    assert host["offered_host_key"]["fingerprint"] == fingerprint(bastion.host_key)
    assert (await pair.test())["ok"]


async def test_a_jump_host_whose_key_changed_stops_the_way_and_shows_the_key_where_it_belongs(
    pair: Pair, bastion: OpenSsh, server: OpenSsh
) -> None:
    await pair.pin(pair.host_id, OTHER)
    before = bastion.logins, server.log.count("Connection from")
    outcome = await pair.test()

    host, target = await pair.shown(pair.host_id), await pair.shown(pair.target_id)
    assert (outcome["error_code"], outcome["failed_hop_id"]) == ("host_key_changed", pair.host_id)
    assert outcome["detail"].startswith("Jump host 127.0.0.1: ")
    assert (bastion.logins, server.log.count("Connection from")) == before
    assert host["host_key"]["fingerprint"] == fingerprint(OTHER)
    assert host["offered_host_key"]["fingerprint"] == fingerprint(bastion.host_key)
    assert (target["host_key"], target["offered_host_key"]) == (None, None)
    assert target["last_test"]["failed_hop_id"] == pair.host_id


async def test_a_target_whose_key_changed_behind_a_fine_jump_host_is_told_as_itself(
    pair: Pair, server: OpenSsh
) -> None:
    await pair.pin(pair.target_id, OTHER)
    before = server.logins
    outcome = await pair.test()

    assert (outcome["error_code"], outcome["failed_hop_id"]) == ("host_key_changed", None)
    assert outcome["offered_host_key"]["fingerprint"] == fingerprint(server.host_key)
    assert server.logins == before


async def test_a_jump_host_whose_credential_can_not_be_opened_is_not_tried(
    pair: Pair, bastion: OpenSsh
) -> None:
    sealed = await _add(pair.core, f"moved {pair.host_id}")
    await pair.core.admin.patch(f"/targets/{pair.host_id}", json={"credential_id": sealed})
    async with pair.core.app.state.units.sessions() as session:
        other = "(select private_key from credentials where name = 'the key')"
        moved = text(f"update credentials set private_key = {other} where id = :id")  # noqa: S608
        await session.execute(moved, {"id": sealed})
        await session.commit()
    outcome = await pair.test()

    assert (outcome["error_code"], outcome["ok"]) == ("credential_missing", False)
    assert "SECRET_KEY" in outcome["detail"]


async def test_a_certificate_signs_in(core: Core, tmp_path: Any) -> None:
    authority = asyncssh.generate_private_key("ssh-ed25519")
    (tmp_path / "ca.pub").write_text(keys.public_line(authority))
    made = authority.generate_user_certificate(CLIENT, "ops", principals=["root"], valid_before="+1h")
    async with running_openssh(f"TrustedUserCAKeys {tmp_path}/ca.pub", authorized=False) as trusting:
        outcomes = {}
        for name, more in {
            "key": {},
            "certificate": {"certificate": made.export_certificate().decode()},
        }.items():
            login = await _add(core, f"with a {name}", **more)
            target = await add_target(core, f"with a {name}", trusting.endpoint.port, login)
            outcomes[name] = (await core.admin.post(f"/targets/{target['id']}/test")).json()["error_code"]

    assert outcomes == {"key": "login_refused", "certificate": None}


async def test_an_old_server_needs_the_permission(core: Core, credential: str) -> None:
    async with running_openssh("Ciphers aes128-cbc", "MACs hmac-sha1", client_key=CLIENT) as old:
        target = await add_target(core, "an old server", old.endpoint.port, credential)
        path = f"/targets/{target['id']}"
        refused = (await core.admin.post(f"{path}/test")).json()
        await core.admin.patch(path, json={"legacy_algorithms": True})
        allowed = (await core.admin.post(f"{path}/test")).json()

    assert (refused["error_code"], allowed["ok"]) == ("no_common_algorithm", True)
    assert "allow outdated algorithms for this target" in refused["detail"]


async def test_a_target_and_its_jump_host_are_reached_by_ipv6(core: Core, credential: str) -> None:
    lines = ("ListenAddress ::1", FORWARDING)
    async with (
        running_openssh(*lines, client_key=CLIENT) as hop,
        running_openssh(*lines, client_key=CLIENT) as six,
    ):
        host = await add_target(core, "six host", hop.endpoint.port, credential, host="::1")
        target = await add_target(
            core, "six", six.endpoint.port, credential, host="[::1]", jump_target_id=host["id"]
        )
        outcome = (await core.admin.post(f"/targets/{target['id']}/test")).json()

    assert (outcome["ok"], target["host"]) == (True, "::1")

"""Executions on targets that are reached through others."""

from collections.abc import AsyncIterator
from typing import Any

import asyncssh
import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.openssh import FORWARDING, OpenSsh, running_openssh
from tests.support.registered import Registered, action, add_target

pytestmark = pytest.mark.usefixtures("worker")
CLIENT = asyncssh.generate_private_key("ssh-ed25519")


@pytest.fixture(scope="module")
async def door() -> AsyncIterator[OpenSsh]:
    async with running_openssh(FORWARDING, client_key=CLIENT) as server:
        yield server


@pytest.fixture
async def pair(
    core: Core, door: OpenSsh, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[dict[str, Any], Registered]]:
    """A jump host, and a target behind it, never contacted before."""
    name = request.node.name[:150]
    secret = {"username": door.login.username, "private_key": CLIENT.export_private_key().decode()}
    credential = (
        await core.admin.post("/credentials", json={"name": name, "kind": "ssh_key"} | secret)
    ).json()
    async with running_openssh(client_key=CLIENT) as server:
        host = await add_target(core, f"{name} host", door.endpoint.port, credential["id"])
        behind = await add_target(
            core, name, server.endpoint.port, credential["id"], jump_target_id=host["id"]
        )
        yield host, Registered(core.admin, [behind])


async def test_a_target_behind_a_jump_host_is_worked_on_and_both_keys_are_pinned(
    core: Core, door: OpenSsh, pair: tuple[dict[str, Any], Registered]
) -> None:
    host, fleet = pair
    before = door.logins
    accepted = await fleet.start_actions(action("command", command="echo there"), action("health_check"))
    execution = await fleet.end_of(accepted["id"])
    [result] = await fleet.results(accepted["id"])
    keys = [(await core.admin.get(f"/targets/{id}")).json()["host_key"] for id in (host["id"], *fleet.ids)]

    assert (execution["status"], result["output_text"]) == ("completed", "there\n"), result
    assert door.logins > before
    assert all(keys)


async def test_a_jump_host_with_another_key_keeps_its_targets_from_being_reached(
    core: Core, pair: tuple[dict[str, Any], Registered]
) -> None:
    host, fleet = pair
    await fleet.run("true")
    pinned = (await core.admin.get(f"/targets/{host['id']}")).json()["host_key"]["fingerprint"]
    async with running_openssh(FORWARDING, client_key=CLIENT) as impostor:
        await _move(core, host["id"], impostor.endpoint.port)
        execution = await fleet.run("true")
        logins = impostor.logins
    [result] = await fleet.results(execution["id"])
    shown = (await core.admin.get(f"/targets/{host['id']}")).json()

    assert (result["status"], result["error_code"]) == ("failed", "host_key_changed")
    assert result["error_message"].startswith("Jump host")
    assert logins == 0
    assert shown["host_key"]["fingerprint"] == pinned
    assert shown["offered_host_key"] is not None


async def _move(core: Core, target_id: str, port: int) -> None:
    """Let another server answer for a target (the API forgets the key of a target that moves)."""
    async with core.app.state.units.sessions() as session:
        query = text("update targets set port = :port where id = :id")
        await session.execute(query, {"port": port, "id": target_id})
        await session.commit()

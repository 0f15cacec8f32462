"""Executions on targets that are reached through others."""

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import action, register
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.usefixtures("worker")


async def test_a_target_behind_a_jump_host_is_worked_on_and_both_keys_are_pinned(core: Core) -> None:
    async with running_sshd(2) as servers:
        fleet = await register(core, servers, prefix="way ")
        door, behind = fleet.ids
        await core.admin.patch(f"/targets/{behind}", json={"jump_target_id": door})
        accepted = await fleet.start_actions(
            action("command", command="echo $OPSCONDUCTOR_DEMO_TARGET"),
            action("health_check"),
            ids=[behind],
        )
        execution = await fleet.end_of(accepted["id"])
        [result] = await fleet.results(accepted["id"])
        keys = [(await core.admin.get(f"/targets/{id}")).json()["host_key"] for id in fleet.ids]

    assert (execution["status"], result["output_text"]) == ("completed", "target-2\n")
    assert all(keys)


async def test_a_jump_host_with_another_key_keeps_its_targets_from_being_reached(core: Core) -> None:
    async with running_sshd(2) as servers, running_sshd(1) as [impostor]:
        fleet = await register(core, servers, prefix="blocked ")
        door, behind = fleet.ids
        await core.admin.patch(f"/targets/{behind}", json={"jump_target_id": door})
        await fleet.run("true", ids=[behind])
        port = impostor.endpoint.port
        pinned = (await core.admin.get(f"/targets/{door}")).json()["host_key"]["fingerprint"]
        await _move(core, door, port)
        execution = await fleet.run("true", ids=[behind])
        [result] = await fleet.results(execution["id"])
        shown = (await core.admin.get(f"/targets/{door}")).json()

    assert (result["status"], result["error_code"]) == ("failed", "host_key_changed")
    assert "Jump host" in result["error_message"]
    assert shown["host_key"]["fingerprint"] == pinned
    assert shown["offered_host_key"] is not None


async def _move(core: Core, target_id: str, port: int) -> None:
    """Let another server answer for a target (the API forgets the key of a target that moves)."""
    async with core.app.state.units.sessions() as session:
        query = text("update targets set port = :port where id = :id")
        await session.execute(query, {"port": port, "id": target_id})
        await session.commit()

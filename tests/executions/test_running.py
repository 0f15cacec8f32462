"""Commands on targets, from the request to the stored result, by a real worker on real SSH servers."""

import asyncio
import contextlib
import hashlib
import socket

import pytest
from sqlalchemy import text
from tests.support.core import Core
from tests.support.registered import Registered, add_target, register
from tests.support.sshd import running_sshd

pytestmark = pytest.mark.usefixtures("worker")


async def test_every_target_gives_its_own_result(fleet: Registered) -> None:
    execution = await fleet.run("echo $OPSCONDUCTOR_DEMO_TARGET; echo careful >&2")

    results = await fleet.results(execution["id"])
    assert [r["output_text"] for r in results] == ["target-1\n", "target-2\n", "target-3\n"]
    assert {r["error_text"] for r in results} == {"careful\n"}
    assert execution["status"] == "completed"
    assert execution["counts"] == {"completed": 3}


async def test_a_command_that_exits_with_another_code_than_0_has_failed(fleet: Registered) -> None:
    execution = await fleet.run("exit 7", ids=fleet.ids[:1])

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["exit_code"], execution["status"]) == ("failed", 7, "failed")


async def test_a_command_ended_by_a_signal_has_failed_and_says_by_which(fleet: Registered) -> None:
    execution = await fleet.run("kill -KILL $$", ids=fleet.ids[:1])

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["exit_code"], result["exit_signal"]) == ("failed", None, "KILL")


async def test_a_command_that_takes_too_long_is_stopped_and_told_as_timed_out(fleet: Registered) -> None:
    execution = await fleet.run("sleep 30", ids=fleet.ids[:1], timeout=0.5)

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["error_code"]) == ("timed_out", "timed_out")
    assert result["duration_ms"] < 8000


async def test_long_output_is_kept_whole_and_shown_in_part(fleet: Registered) -> None:
    execution = await fleet.run("seq 1 200000", ids=fleet.ids[:1])

    [result] = await fleet.results(execution["id"])
    whole = "".join(f"{n}\n" for n in range(1, 200001))
    kept = await fleet.api.get(f"/executions/{execution['id']}/results/{result['id']}/output")
    assert hashlib.sha256(kept.content).hexdigest() == hashlib.sha256(whole.encode()).hexdigest()
    assert result["output_bytes"] == len(whole)
    assert result["output_truncated"]
    assert whole.startswith(result["output_text"][:60_000])


async def test_output_that_is_no_text_does_no_harm(fleet: Registered) -> None:
    execution = await fleet.run(r"printf 'a\000b\377c'", ids=fleet.ids[:1])

    [result] = await fleet.results(execution["id"])
    kept = await fleet.api.get(f"/executions/{execution['id']}/results/{result['id']}/output")
    assert kept.content == b"a\x00b\xffc"
    assert (result["status"], result["output_bytes"]) == ("completed", 5)


async def test_the_command_reaches_the_shell_unchanged(fleet: Registered) -> None:
    awkward = """printf '%s' "it's {{ not }} a \\"template\\" $((6*7)) \u00fc\u2603" """
    execution = await fleet.run(awkward, ids=fleet.ids[:1])

    [result] = await fleet.results(execution["id"])
    assert result["output_text"] == 'it\'s {{ not }} a "template" 42 \u00fc\u2603'


async def test_what_can_not_be_reached_does_not_stop_the_others(core: Core, fleet: Registered) -> None:
    credential = fleet.targets[0]["credential_id"]
    with contextlib.closing(socket.socket()) as nobody:
        nobody.bind(("127.0.0.1", 0))  # bound, but not listening: refuses
        gone = await add_target(core, "refuses", nobody.getsockname()[1], credential)
        execution = await fleet.run("true", ids=[gone["id"], *fleet.ids])

    by_name = {r["target_name"]: r for r in await fleet.results(execution["id"])}
    assert execution["counts"] == {"completed": 3, "unreachable": 1}
    assert by_name["refuses"]["error_code"] == "connect_refused"


async def test_a_host_that_closes_at_once_is_unreachable(core: Core, fleet: Registered) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        target = await add_target(core, "hangs up", port, fleet.targets[0]["credential_id"])
        execution = await fleet.run("true", ids=[target["id"]])

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["error_code"]) == ("unreachable", "connection_closed")


async def test_a_changed_host_key_blocks_only_that_target(core: Core, fleet: Registered) -> None:
    async with running_sshd(1) as [impostor]:
        await core.admin.patch(f"/targets/{fleet.ids[0]}", json={"name": "target-1"})
        pinned = await fleet.run("true")
        assert pinned["status"] == "completed"
        port = impostor.endpoint.port
        target = await add_target(core, "moved", port, fleet.targets[0]["credential_id"])
        other = await core.admin.get(f"/targets/{fleet.ids[0]}")
        await _pin_wrongly(core, target["id"], other.json())
        execution = await fleet.run("true", ids=[target["id"], fleet.ids[1]])

    by_name = {r["target_name"]: r for r in await fleet.results(execution["id"])}
    assert (by_name["moved"]["status"], by_name["moved"]["error_code"]) == ("failed", "host_key_changed")
    assert by_name["target-2"]["status"] == "completed"


async def _pin_wrongly(core: Core, target_id: str, other: dict[str, object]) -> None:
    """Give a target the pinned key of another (the API itself pins only what a host has shown)."""
    async with core.app.state.units.sessions() as session:
        await session.execute(
            text(
                "update targets set host_key = o.host_key from targets o where targets.id = :id and o.id = :other"
            ),
            {"id": target_id, "other": other["id"]},
        )
        await session.commit()


async def test_a_target_without_credential_fails_with_a_sentence(core: Core, fleet: Registered) -> None:
    target = await add_target(core, "no credential", 22, None)
    execution = await fleet.run("true", ids=[target["id"]])

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["error_code"]) == ("failed", "credential_missing")


@pytest.mark.parametrize("status", ["inactive", "maintenance"])
async def test_nothing_is_run_on_a_target_that_is_not_active(
    core: Core, fleet: Registered, status: str
) -> None:
    target = await add_target(core, f"is {status}", 22, fleet.targets[0]["credential_id"], status=status)
    execution = await fleet.run("true", ids=[target["id"]])

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["error_code"]) == ("skipped", "target_not_active")


async def test_a_refused_login_fails_and_is_not_tried_again(core: Core, fleet: Registered) -> None:
    async with running_sshd(1) as [stranger]:
        target = await add_target(core, "stranger", stranger.endpoint.port, fleet.targets[0]["credential_id"])
        execution = await fleet.run("true", ids=[target["id"]], retry_count=2)

    [result] = await fleet.results(execution["id"])
    assert (result["status"], result["error_code"], result["attempts"]) == ("failed", "login_refused", 1)


async def test_the_first_contact_pins_the_host_key_and_the_audit_says_so_once(
    core: Core, fleet: Registered
) -> None:
    async with running_sshd(1) as [server]:
        [id] = (await register(core, [server], prefix="first ")).ids
        for _ in range(2):
            await fleet.run("true", ids=[id])
        target = (await core.admin.get(f"/targets/{id}")).json()
    pinned = {"object_id": id, "action": "target.host_key_pinned"}
    [entry] = (await core.admin.get("/audit", params=pinned)).json()["items"]

    assert target["host_key"]["fingerprint"].startswith("SHA256:")
    assert target["host_key"]["pinned_at"]
    assert entry["after"] == {"host_key": target["host_key"]["fingerprint"]}
    assert (entry["actor"]["kind"], entry["actor"]["name"]) == ("service", "worker")


async def test_actions_that_this_version_does_not_know_fail_and_leave_the_worker_alive(
    core: Core, fleet: Registered
) -> None:
    accepted = await fleet.start("true", ids=fleet.ids[:1], timeout=86_000)
    async with core.app.state.units.sessions() as session:
        unknown = 'update executions set actions = \'[{"action_type": "teleport"}]\' where id = :id'
        await session.execute(text(unknown), {"id": accepted["id"]})
        await session.commit()
    await fleet.end_of(accepted["id"])
    after = await fleet.run("true", ids=fleet.ids[:1])

    assert after["status"] == "completed"

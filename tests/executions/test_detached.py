"""Detached executions: the loss of a worker loses nothing, as the next one attaches to the same process."""

import asyncio
import os
import random
import signal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.core import Core, start_worker
from tests.support.registered import Registered, action, register
from tests.support.sshd import running_sshd

from opsconductor.executions import protocol_repository as protocol

HASTY = {"OPSCONDUCTOR_LEASE_SECONDS": "2", "OPSCONDUCTOR_MAX_PARALLEL": "20"}


async def _start(fleet: Registered, *commands: str, **more: Any) -> str:
    actions = [action("command", command=command, timeout=300) for command in commands]
    return str((await fleet.start_actions(*actions, mode="detached", **more))["id"])


async def _worker(core: Core, home: Path) -> Any:
    worker = start_worker(core, home, **HASTY)
    await asyncio.to_thread(worker.wait_until_ready)
    return worker


async def _until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.03)


def _alive(note: Path) -> bool:
    try:
        return Path(f"/proc/{int(note.read_text())}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_it_answers_like_an_attached_one_and_leaves_nothing_behind(core: Core, tmp_path: Path) -> None:
    async with running_sshd(2) as servers:
        fleet = await register(core, servers, prefix="plain ")
        worker = await _worker(core, tmp_path)
        id = await _start(fleet, "echo $OPSCONDUCTOR_DEMO_TARGET; echo careful >&2", "exit 7")
        execution = await fleet.end_of(id)
        results = await fleet.results(id)
        await asyncio.to_thread(worker.stop)

        assert [r["output_text"] for r in results] == ["target-1\n", "target-2\n"]
        assert {(r["status"], r["exit_code"], r["error_text"]) for r in results} == {
            ("failed", 7, "careful\n")
        }
        assert execution["mode"] == "detached"
        assert [list((server.home / "state").iterdir()) for server in servers] == [[], []]


async def test_another_worker_attaches_to_what_a_killed_one_ran(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="killed ")
        first = await _worker(core, tmp_path)
        id = await _start(
            fleet,
            "echo one",
            f"echo ran >> {log}; echo two; until [ -e {gate} ]; do sleep 0.05; done; echo end",
            "echo three",
        )
        await _until(log.exists)
        first.kill()
        second = await _worker(core, tmp_path)
        gate.touch()
        execution = await fleet.end_of(id)
        [result] = await fleet.results(id)
        await asyncio.to_thread(second.stop)

    assert execution["status"] == "completed"
    assert result["output_text"] == "one\ntwo\nend\nthree\n"
    assert [step["status"] for step in result["steps"]] == ["completed"] * 3
    assert log.read_text() == "ran\n"


async def test_a_cancel_reaches_what_nobody_attends(core: Core, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="cancelled ")
        first = await _worker(core, tmp_path)
        id = await _start(fleet, f"echo $$ > {note}; sleep 300")
        await _until(lambda: note.exists() and note.read_text())
        first.kill()
        await core.admin.post(f"/executions/{id}/cancel")
        assert _alive(note)
        second = await _worker(core, tmp_path)
        execution = await fleet.end_of(id)
        [result] = await fleet.results(id)
        await asyncio.to_thread(second.stop)

    assert (execution["status"], result["status"]) == ("cancelled", "cancelled")
    assert not _alive(note)


async def test_a_worker_told_to_stop_hands_over_what_takes_longer(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="handed over ")
        first = await _worker(core, tmp_path)
        id = await _start(fleet, f"echo ran >> {log}; until [ -e {gate} ]; do sleep 0.05; done")
        await _until(log.exists)
        second = await _worker(core, tmp_path)
        await asyncio.to_thread(first.stop)
        gate.touch()
        execution = await fleet.end_of(id)
        await asyncio.to_thread(second.stop)

    assert execution["status"] == "completed"
    assert log.read_text() == "ran\n"


async def test_a_worker_that_wakes_after_its_lease_ends_nothing(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="frozen ")
        first = await _worker(core, tmp_path)
        id = await _start(fleet, f"echo ran >> {log}; until [ -e {gate} ]; do sleep 0.05; done; echo end")
        await _until(log.exists)
        os.kill(first.pid, signal.SIGSTOP)
        second = await _worker(core, tmp_path)
        await _fence(core, id, 2)
        os.kill(first.pid, signal.SIGCONT)
        await asyncio.sleep(2)
        gate.touch()
        execution = await fleet.end_of(id)
        [result] = await fleet.results(id)
        for worker in (first, second):
            await asyncio.to_thread(worker.stop)

    assert (execution["status"], result["output_text"]) == ("completed", "end\n")
    assert log.read_text() == "ran\n"


async def test_a_target_that_can_not_keep_anything_is_told_and_nothing_runs(
    core: Core, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with running_sshd(1) as servers:
        (servers[0].home / "state").write_text("a file where the folder should be")
        fleet = await register(core, servers, prefix="full ")
        worker = await _worker(core, tmp_path)
        id = await _start(fleet, f"touch {mark}")
        await fleet.end_of(id)
        [result] = await fleet.results(id)
        await asyncio.to_thread(worker.stop)

    assert (result["status"], result["error_code"]) == ("failed", "detached_unsupported")
    assert not mark.exists()


async def test_what_is_detached_is_taken_over_once_and_never_marked_as_lost(core: Core) -> None:
    sessions = core.app.state.units.sessions
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="unheld ")
        ids = [await _start(fleet, "true"), str((await fleet.start("true"))["id"])]
        async with sessions() as session:
            claims, _ = await protocol.claim(session, "a", 10, 10)
            await protocol.intend(session, claims, 10)
            await session.execute(text("update execution_results set lease_until = now() - interval '1 s'"))
            lost = await protocol.lose_expired(session, "lost")
            await session.commit()
        async with sessions() as one, sessions() as other:
            taken = await protocol.take_over(one, "b", 10, 10)
            again = await protocol.take_over(other, "c", 10, 10)
            await one.commit()
            await other.commit()

    assert lost == [UUID(ids[1])]
    assert [(str(claim.execution_id), claim.fence, claim.earlier) for claim in taken] == [(ids[0], 2, [])]
    assert again == []


@pytest.mark.crash
@pytest.mark.timeout(240)
async def test_kills_during_100_detached_operations_lose_none(core: Core, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    dice = random.Random(8)
    async with running_sshd(5) as servers:
        fleet = await register(core, servers, prefix="storm ")
        ids = [
            await _start(fleet, f"echo ran >> {notes}/{n}.$OPSCONDUCTOR_DEMO_TARGET; sleep 0.3; seq {n} 5000")
            for n in range(20)
        ]
        for _ in range(5):
            worker = await _worker(core, tmp_path)
            await asyncio.sleep(dice.uniform(0.5, 1.5))
            worker.kill()
        last = await _worker(core, tmp_path)
        await _all_ended(core)
        results = [result for id in ids for result in await fleet.results(id)]
        await asyncio.to_thread(last.stop)
        left = [list((server.home / "state").glob("*/*/*-*")) for server in servers]

    assert {result["status"] for result in results} == {"completed"}
    assert {path.read_text() for path in notes.iterdir()} == {"ran\n"}
    assert len(list(notes.iterdir())) == 100
    for number, id in enumerate(ids):
        size = sum(len(f"{n}\n") for n in range(number, 5001))
        assert {r["output_bytes"] for r in await fleet.results(id)} == {size}
    assert sum(map(len, left)) <= 5 * 20  # what a killed worker had stored, and could not clear away
    assert await _took_over(core) > 0, "no kill met a running command: this test has proved nothing"


async def _fence(core: Core, execution_id: str, fence: int) -> None:
    async with asyncio.timeout(20), core.app.state.units.sessions() as session:
        query = text("select fence from execution_results where execution_id = :id")
        while await session.scalar(query, {"id": execution_id}) < fence:
            await session.rollback()
            await asyncio.sleep(0.1)


async def _all_ended(core: Core) -> None:
    query = text("select count(*) from execution_results where status in ('scheduled', 'running')")
    async with asyncio.timeout(100), core.app.state.units.sessions() as session:
        while await session.scalar(query):
            await session.rollback()
            await asyncio.sleep(0.3)


async def _took_over(core: Core) -> int:
    query = text("select count(*) from execution_results where fence > 1 and status = 'completed'")
    async with core.app.state.units.sessions() as session:
        return int(await session.scalar(query))

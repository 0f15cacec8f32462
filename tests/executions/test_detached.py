"""Detached executions: the loss of a worker loses nothing, as the next one attaches to the same process."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.core import Core, Process, start_worker
from tests.support.registered import Registered, action, register
from tests.support.sshd import running_sshd

from opsconductor.executions import protocol_repository as protocol
from opsconductor.executions.claiming_repository import Worker, take, take_over

HASTY = {"OPSCONDUCTOR_LEASE_SECONDS": "2", "OPSCONDUCTOR_MAX_PARALLEL": "20"}


async def _start(fleet: Registered, *commands: str, **more: Any) -> str:
    actions = [action("command", command=command, timeout=300) for command in commands]
    return str((await fleet.start_actions(*actions, mode="detached", **more))["id"])


@contextlib.asynccontextmanager
async def _worker(core: Core, home: Path) -> AsyncIterator[Process]:
    """Run a worker that has short leases; it is killed at the end where it lives then."""
    worker = start_worker(core, home, **HASTY)
    try:
        await asyncio.to_thread(worker.wait_until_ready, 60)
        yield worker
    finally:
        worker.kill()


async def _until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.03)


def _wait(gate: Path) -> str:
    return f"until [ -e {gate} ]; do sleep 0.05; done; echo end"


def _alive(note: Path) -> bool:
    try:
        return Path(f"/proc/{int(note.read_text())}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def test_it_answers_like_an_attached_one_and_leaves_nothing_behind(core: Core, tmp_path: Path) -> None:
    async with running_sshd(2) as servers, _worker(core, tmp_path) as worker:
        fleet = await register(core, servers, prefix="plain ")
        id = await _start(fleet, "echo $OPSCONDUCTOR_DEMO_TARGET; echo careful >&2", "exit 7")
        execution = await fleet.end_of(id)
        results = await fleet.results(id)
        await asyncio.to_thread(worker.stop)

        ends = {(result["status"], result["exit_code"], result["error_text"]) for result in results}
        assert [result["output_text"] for result in results] == ["target-1\n", "target-2\n"]
        assert ends == {("failed", 7, "careful\n")}
        assert execution["mode"] == "detached"
        assert [list((server.home / "state").iterdir()) for server in servers] == [[], []]


async def test_another_worker_attaches_to_what_a_killed_one_ran(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="killed ")
        async with _worker(core, tmp_path):
            id = await _start(fleet, "echo one", f"echo ran >> {log}; echo two; {_wait(gate)}", "echo three")
            await _until(log.exists)
        async with _worker(core, tmp_path):
            gate.touch()
            execution = await fleet.end_of(id)
            [result] = await fleet.results(id)

    assert execution["status"] == "completed"
    assert result["output_text"] == "one\ntwo\nend\nthree\n"
    assert [step["status"] for step in result["steps"]] == ["completed"] * 3
    assert log.read_text() == "ran\n"


async def test_a_cancel_reaches_what_nobody_attends(core: Core, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="cancelled ")
        async with _worker(core, tmp_path):
            id = await _start(fleet, f"echo $$ > {note}; sleep 300")
            await _until(lambda: note.exists() and note.read_text())
        await core.admin.post(f"/executions/{id}/cancel")
        assert _alive(note)
        async with _worker(core, tmp_path):
            execution = await fleet.end_of(id)
            [result] = await fleet.results(id)

    assert (execution["status"], result["status"]) == ("cancelled", "cancelled")
    assert not _alive(note)


async def test_a_worker_told_to_stop_hands_over_what_takes_longer(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="handed over ")
        async with _worker(core, tmp_path) as first:
            id = await _start(fleet, f"echo ran >> {log}; {_wait(gate)}")
            await _until(log.exists)
            async with _worker(core, tmp_path):
                await asyncio.to_thread(first.stop)
                gate.touch()
                execution = await fleet.end_of(id)

    assert execution["status"] == "completed"
    assert log.read_text() == "ran\n"


async def test_a_worker_that_wakes_after_its_lease_ends_nothing(core: Core, tmp_path: Path) -> None:
    log, gate = tmp_path / "log", tmp_path / "gate"
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="frozen ")
        async with _worker(core, tmp_path) as first, _worker(core, tmp_path) as second:
            id = await _start(fleet, f"echo ran >> {log}; {_wait(gate)}")
            await _until(log.exists)
            frozen = first if await _holder(core, id) == first.process.pid else second
            os.kill(frozen.process.pid, signal.SIGSTOP)
            await _fence(core, id, 2)
            os.kill(frozen.process.pid, signal.SIGCONT)
            await asyncio.sleep(2)  # it notices at the next renewal of its leases
            gate.touch()
            execution = await fleet.end_of(id)
            [result] = await fleet.results(id)

    assert (execution["status"], result["output_text"]) == ("completed", "end\n")
    assert log.read_text() == "ran\n"


async def test_a_target_that_can_not_keep_anything_is_told_and_nothing_runs(
    core: Core, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    async with running_sshd(1) as servers, _worker(core, tmp_path):
        (servers[0].home / "state").write_text("a file where the folder should be")
        fleet = await register(core, servers, prefix="full ")
        id = await _start(fleet, f"touch {mark}")
        await fleet.end_of(id)
        [result] = await fleet.results(id)

    assert (result["status"], result["error_code"]) == ("failed", "detached_unsupported")
    assert not mark.exists()


async def test_what_is_detached_is_taken_over_once_and_never_marked_as_lost(core: Core) -> None:
    sessions = core.app.state.units.sessions
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="unheld ")
        ids = [await _start(fleet, "true"), str((await fleet.start("true"))["id"])]
        async with sessions() as session:
            claims = (await take(session, Worker("a", 10, 10))).claims
            await protocol.intend(session, claims, 10)
            await session.execute(text("update execution_results set lease_until = now() - interval '1 s'"))
            lost = await protocol.lose_expired(session, "lost")
            await session.commit()
        async with sessions() as one, sessions() as other:
            taken = await take_over(one, Worker("b", 10, 10))
            again = await take_over(other, Worker("c", 10, 10))
            await one.commit()
            await other.commit()

    assert lost == [UUID(ids[1])]
    assert [(str(claim.execution_id), claim.fence, claim.earlier) for claim in taken] == [(ids[0], 2, [])]
    assert again == []


@pytest.mark.crash
@pytest.mark.timeout(240)
async def test_kills_of_workers_lose_no_detached_operation_and_run_none_twice(
    core: Core, tmp_path: Path
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    dice = random.Random(8)
    async with running_sshd(5) as servers:
        fleet = await register(core, servers, prefix="storm ")
        ids = [
            await _start(fleet, f"echo ran >> {notes}/{n}.$OPSCONDUCTOR_DEMO_TARGET; sleep 0.3; seq {n} 5000")
            for n in range(12)
        ]
        for _ in range(3):
            async with _worker(core, tmp_path):
                await asyncio.sleep(dice.uniform(0.5, 1.5))
        async with _worker(core, tmp_path):
            await _all_ended(core, ids)
        results = [result for id in ids for result in await fleet.results(id)]

    assert {result["status"] for result in results} == {"completed"}
    assert {path.read_text() for path in notes.iterdir()} == {"ran\n"}
    assert len(list(notes.iterdir())) == 60
    for number, id in enumerate(ids):
        size = sum(len(f"{n}\n") for n in range(number, 5001))
        assert {r["output_bytes"] for r in await fleet.results(id)} == {size}
    assert await _took_over(core, ids) > 0, "no kill met a running command: this test has proved nothing"


async def _holder(core: Core, execution_id: str) -> int:
    """Return the process id of the worker that holds the execution's one result."""
    query = text("select worker from execution_results where execution_id = :id")
    async with core.app.state.units.sessions() as session:
        return int(str(await session.scalar(query, {"id": execution_id})).split(":")[1])


async def _fence(core: Core, execution_id: str, fence: int) -> None:
    async with asyncio.timeout(20), core.app.state.units.sessions() as session:
        query = text("select fence from execution_results where execution_id = :id")
        while await session.scalar(query, {"id": execution_id}) < fence:
            await session.rollback()
            await asyncio.sleep(0.1)


async def _all_ended(core: Core, ids: list[str]) -> None:
    query = text(
        "select count(*) from executions where id = any(cast(:ids as uuid[])) and finished_at is null"
    )
    async with asyncio.timeout(100), core.app.state.units.sessions() as session:
        while await session.scalar(query, {"ids": ids}):
            await session.rollback()
            await asyncio.sleep(0.3)


async def _took_over(core: Core, ids: list[str]) -> int:
    query = text(
        "select count(*) from execution_results where fence > 1 and execution_id = any(cast(:ids as uuid[]))"
    )
    async with core.app.state.units.sessions() as session:
        return int(await session.scalar(query, {"ids": ids}))

"""Workers die without warning: no operation is lost, run twice, or stuck (DESIGN.md §4)."""

import asyncio
import random
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text
from tests.support.core import BEAT, Core, Process, start_worker
from tests.support.registered import Registered, register
from tests.support.sshd import running_sshd

TARGETS = 10
EXECUTIONS = 50
KILLS = 10
ENVIRONMENT = {"OPSCONDUCTOR_LEASE_SECONDS": "2", "OPSCONDUCTOR_MAX_PARALLEL": "20"}
TERMINAL = {"completed", "lost"}


async def _kill_again_and_again(core: Core, home: Path) -> Process:
    """Start workers and kill them: every other one at any moment, the rest while commands run. Return the last,
    which lives."""
    dice = random.Random(4)
    for number in range(KILLS):
        worker = start_worker(core, home, **ENVIRONMENT)
        await asyncio.to_thread(worker.wait_until_ready)
        if number % 2:
            await _something_runs(core)
        else:
            await asyncio.sleep(dice.uniform(0.1, 0.6))
        worker.kill()
    last = start_worker(core, home, **ENVIRONMENT)
    await asyncio.to_thread(last.wait_until_ready)
    return last


async def _statuses(core: Core) -> Counter[str]:
    async with core.app.state.units.sessions() as session:
        rows = await session.execute(text("select status, count(*) from execution_results group by status"))
        return Counter({row[0]: row[1] for row in rows})


async def _something_runs(core: Core) -> None:
    query = text("select count(*) from execution_results where status = 'running' and lease_until > now()")
    async with asyncio.timeout(20), core.app.state.units.sessions() as session:
        while (await session.execute(query)).scalar() == 0:
            await session.rollback()  # else it would go on in the same transaction's time
            await asyncio.sleep(0.02)


async def _all_ended(core: Core) -> Counter[str]:
    async with asyncio.timeout(100):
        while True:
            statuses = await _statuses(core)
            if set(statuses) <= TERMINAL:
                return statuses
            await asyncio.sleep(0.3)


async def _accept(fleet: Registered, notes: Path) -> list[UUID]:
    """Accept executions whose every operation leaves a line in a file of its own."""
    accepted = []
    for number in range(EXECUTIONS):
        command = f"echo ran >> {notes}/{number}.$OPSCONDUCTOR_DEMO_TARGET; sleep 0.1; echo {number}"
        accepted.append(UUID((await fleet.start(command))["id"]))
    return accepted


@pytest.mark.crash
@pytest.mark.timeout(240)
async def test_ten_kills_during_500_operations_lose_double_or_block_none(core: Core, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    beat = Process(BEAT, core.environment | ENVIRONMENT, tmp_path)
    async with running_sshd(TARGETS) as servers:
        fleet = await register(core, servers)
        ids = await _accept(fleet, notes)
        last = await _kill_again_and_again(core, tmp_path)
        try:
            statuses = await _all_ended(core)
        finally:
            last.stop()
            beat.stop()
    executions = [(await fleet.api.get(f"/executions/{id}")).json() for id in ids]

    runs = {path.name: len(path.read_text().splitlines()) for path in notes.iterdir()}
    assert max(runs.values()) == 1, "an operation ran twice"
    assert statuses.total() == TARGETS * EXECUTIONS
    assert statuses["lost"] > 0, "no kill met a running command: this test has proved nothing"
    assert all(execution["finished_at"] for execution in executions), "an execution is stuck"
    await _every_completed_operation_ran(core, ids, runs)


async def _every_completed_operation_ran(core: Core, ids: list[UUID], runs: dict[str, int]) -> None:
    numbers = {id: number for number, id in enumerate(ids)}
    query = text(
        "select execution_id, target_name, output_head from execution_results where status = 'completed'"
    )
    async with core.app.state.units.sessions() as session:
        rows = (await session.execute(query)).all()
    for execution_id, target, output in rows:
        number = numbers[execution_id]
        assert runs[f"{number}.{target}"] == 1
        assert output == f"{number}\n".encode()


async def test_a_worker_told_to_stop_finishes_what_runs(core: Core, tmp_path: Path) -> None:
    async with running_sshd(1) as servers:
        fleet = await register(core, servers, prefix="graceful ")
        worker = start_worker(core, tmp_path)
        await asyncio.to_thread(worker.wait_until_ready)
        accepted = await fleet.start("sleep 1.5; echo whole")
        await _running(fleet, accepted["id"])
        status = await asyncio.to_thread(worker.stop)
        [result] = await fleet.results(accepted["id"])

    assert (status, result["status"], result["output_text"]) == (0, "completed", "whole\n")


async def _running(fleet: Registered, execution_id: str) -> None:
    async with asyncio.timeout(10):
        while (await fleet.results(execution_id))[0]["status"] != "running":
            await asyncio.sleep(0.05)

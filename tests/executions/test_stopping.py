"""Workers that are told to stop. Those that die without warning are in tests/chaos."""

import asyncio
from pathlib import Path

from tests.support.core import Core, start_worker
from tests.support.registered import Registered, register
from tests.support.sshd import running_sshd


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

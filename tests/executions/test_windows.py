"""The end of a window on real SSH targets: nothing begins after it, what runs goes on to its own end."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.calendars import kept, once
from tests.support.core import BEAT, Core, Process
from tests.support.registered import Registered, command_on

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
async def beat(core: Core, tmp_path: Path) -> AsyncIterator[Process]:
    process = Process(BEAT, core.environment, tmp_path)
    await asyncio.to_thread(process.wait_until_ready)
    yield process
    process.stop()


async def _run_into_the_end(core: Core, fleet: Registered, at_end: str) -> dict[str, object]:
    # The first command goes on longer than the window that it has to be accepted in.
    body = command_on(fleet.ids, "sleep 5; echo done") | {"strategy": {"parallelism": 1}}
    async with kept(core, "allow", once(-60, 5), at_end=at_end):
        accepted = await fleet.api.post("/executions", json=body)
        assert accepted.status_code == 202, accepted.text
        return await fleet.end_of(accepted.json()["id"])


async def test_at_an_end_that_stops_what_runs_goes_on_and_nothing_more_begins(
    core: Core, fleet: Registered, beat: Process
) -> None:
    execution = await _run_into_the_end(core, fleet, "stop")
    results = await fleet.results(str(execution["id"]))

    assert (execution["status"], execution["stop_reason"]) == ("failed", "window")
    assert execution["counts"] == {"completed": 1, "skipped": 2}
    skipped = [row for row in results if row["status"] == "skipped"]
    assert {row["error_code"] for row in skipped} == {"window_closed"}
    assert {row["error_message"] for row in skipped} == {"Not begun: the window for this work was over."}
    assert [row["output_text"] for row in results if row["status"] == "completed"] == ["done\n"]


async def test_an_end_that_lets_run_on_changes_nothing(core: Core, fleet: Registered, beat: Process) -> None:
    execution = await _run_into_the_end(core, fleet, "run_on")

    assert (execution["status"], execution["counts"]) == ("completed", {"completed": 3})

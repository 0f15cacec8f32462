"""Asking for the end of an execution."""

import asyncio

import pytest
from tests.support.core import Core
from tests.support.registered import Registered

pytestmark = pytest.mark.usefixtures("worker")


async def _running(fleet: Registered, execution_id: str) -> None:
    async with asyncio.timeout(10):
        while any(r["status"] != "running" for r in await fleet.results(execution_id)):
            await asyncio.sleep(0.05)


async def test_what_runs_is_stopped_within_5_s(fleet: Registered, tmp_path: object) -> None:
    accepted = await fleet.start(f"sleep 31.5; touch {tmp_path}/$OPSCONDUCTOR_DEMO_TARGET")
    await _running(fleet, accepted["id"])

    started = asyncio.get_running_loop().time()
    answer = await fleet.api.post(f"/executions/{accepted['id']}/cancel")
    execution = await fleet.end_of(accepted["id"])

    assert answer.status_code == 202
    assert asyncio.get_running_loop().time() - started < 5
    assert (execution["status"], execution["counts"]) == ("cancelled", {"cancelled": 3})


async def test_an_ended_execution_can_not_be_cancelled(fleet: Registered) -> None:
    execution = await fleet.run("true")
    answer = await fleet.api.post(f"/executions/{execution['id']}/cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "execution_ended")


async def test_an_execution_that_does_not_exist_can_not_be_cancelled(core: Core) -> None:
    answer = await core.admin.post("/executions/01a20c06-c4c1-742b-b37f-ba80e5e35788/cancel")

    assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")


async def test_a_cancel_is_audited_once(core: Core, fleet: Registered) -> None:
    accepted = await fleet.start("sleep 31.5")
    await asyncio.gather(*(fleet.api.post(f"/executions/{accepted['id']}/cancel") for _ in range(3)))
    await fleet.end_of(accepted["id"])

    page = await core.admin.get(
        "/audit", params={"object_id": accepted["id"], "action": "execution.cancelled"}
    )
    assert page.json()["total"] == 1

"""Workflow tokens that people make, as they work through the bridge, which keeps some answers for a moment."""

import asyncio
import time

import httpx
import pytest
from tests.bridge.conftest import Door, command_on

from opsconductor.bridge.target_lists import LET_THROUGH as KEPT  # s

TARGETS = "/api/workflow/targets"
FLOW = {"X-OpsConductor-Flow": "a1b2c3d4e5f60718"}


@pytest.fixture(scope="module")
async def owner(door: Door) -> httpx.AsyncClient:
    return await door.core.user("operator")


async def _made(door: Door, owner: httpx.AsyncClient, **more: object) -> tuple[str, httpx.AsyncClient]:
    """Make a token; return its id, and a client that has it."""
    body = {"name": "script", "scopes": ["targets.read", "executions.run"], **more}
    answer = (await owner.post("/workflow-tokens", json=body)).json()
    return answer["id"], await door.client(answer["token"])


async def test_d5_a_revoked_token_is_refused_at_once_and_kept_answers_end_within_two_seconds(
    door: Door, owner: httpx.AsyncClient, targets: list[dict]
) -> None:
    id, script = await _made(door, owner)
    assert (await script.get(TARGETS)).status_code == 200
    await owner.delete(f"/workflow-tokens/{id}")
    revoked = time.monotonic()
    run = await script.post("/api/workflow/execute", json=command_on([targets[0]["id"]]))
    while (await script.get(TARGETS)).status_code == 200 and time.monotonic() < revoked + 10:
        await asyncio.sleep(0.05)

    assert run.status_code == 401
    assert time.monotonic() - revoked < KEPT + 0.5 <= 2.5
    assert (await script.get(TARGETS)).status_code == 401


async def test_d5_a_kept_list_is_not_given_to_another_token_of_the_same_person_that_may_not_list(
    door: Door, owner: httpx.AsyncClient, targets: list[dict]
) -> None:
    _, lists = await _made(door, owner)
    _, runs = await _made(door, owner, scopes=["executions.run", "executions.read"])
    assert [(await lists.get(TARGETS)).status_code for _ in range(3)] == [200] * 3
    known = await runs.post("/api/workflow/execute", json=command_on([targets[0]["id"]]))
    answer = await runs.get(TARGETS)

    assert known.status_code == 202
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_d5_a_kept_answer_for_one_flow_is_not_given_to_a_call_of_another(
    door: Door, owner: httpx.AsyncClient
) -> None:
    _, script = await _made(door, owner, flow_id=FLOW["X-OpsConductor-Flow"])
    good = await script.get(TARGETS, headers=FLOW)
    without = await script.get(TARGETS)
    other = await script.get(TARGETS, headers={"X-OpsConductor-Flow": "another"})

    assert (good.status_code, without.status_code, other.status_code) == (200, 403, 403)
    assert other.json()["code"] == "token_of_another_flow"

"""What the bridge's /metrics say of waiting and of events; limits, cache, circuit and streams are tested elsewhere."""

import asyncio
import inspect
from pathlib import Path

import httpx
from prometheus_client import Counter
from prometheus_client.metrics import MetricWrapperBase
from tests.bridge.conftest import Door, command_on, figure
from tests.bridge.test_events import listening

from opsconductor.bridge import figures

GUIDE = Path(__file__).parents[2] / "docs/guide/bridge.md"
OPEN = "opsconductor_bridge_long_polls_open"
BEGUN = "opsconductor_bridge_long_polls_total"
SENT = "opsconductor_bridge_events_total"


async def _begun(operator: httpx.AsyncClient, target: str) -> str:
    """Begin an execution of a target that nobody connects to: it stays as it is."""
    answer = await operator.post("/api/workflow/execute", json=command_on([target]))
    return str(answer.json()["execution_id"])


async def test_a_long_poll_is_counted_and_shown_for_as_long_as_it_waits(
    door: Door, operator: httpx.AsyncClient, targets: list[dict[str, str]]
) -> None:
    id = await _begun(operator, targets[0]["id"])
    begun, open_before = await figure(door, BEGUN), await figure(door, OPEN)
    waiting = [
        asyncio.create_task(operator.get(f"/api/workflow/results/{id}", params={"wait": 20}))
        for _ in range(3)
    ]
    async with asyncio.timeout(10):
        while await figure(door, OPEN) < open_before + 3:
            await asyncio.sleep(0.02)
    await operator.post(f"/api/workflow/cancel/{id}")
    answers = await asyncio.gather(*waiting)

    assert {answer.json()["status"] for answer in answers} == {"cancelled"}
    assert await figure(door, BEGUN) == begun + 3
    assert await figure(door, OPEN) == open_before


async def test_what_does_not_wait_is_no_long_poll(
    door: Door, operator: httpx.AsyncClient, targets: list[dict[str, str]]
) -> None:
    id = await _begun(operator, targets[0]["id"])
    begun = await figure(door, BEGUN)
    assert (await operator.get(f"/api/workflow/state/{id}")).status_code == 200

    assert await figure(door, BEGUN) == begun


async def test_each_event_is_counted_for_each_stream_by_what_it_is_about(
    door: Door, nodered: httpx.AsyncClient, operator: httpx.AsyncClient, targets: list[dict[str, str]]
) -> None:
    async with listening(nodered) as first, listening(nodered) as second, asyncio.timeout(10):
        for events in (first, second):
            assert (await anext(events))[0] == "hello"
        before = await figure(door, SENT, event="execution")
        id = await _begun(operator, targets[0]["id"])
        await operator.post(f"/api/workflow/cancel/{id}")
        for events in (first, second):
            while await anext(events) != ("execution", {"execution_id": id}):
                pass
        sent = await figure(door, SENT, event="execution") - before

    assert sent >= 2
    assert sent % 2 == 0
    assert await figure(door, SENT, event="run") == 0


def test_each_figure_of_the_bridge_is_in_its_guide() -> None:
    written = GUIDE.read_text()
    for _, found in inspect.getmembers(figures, lambda one: isinstance(one, MetricWrapperBase)):
        [family] = found.describe()
        assert f"{family.name}{'_total' if isinstance(found, Counter) else ''}" in written

"""Following an execution: long-polls and live events."""

import asyncio
import json
import time

import httpx
import pytest
from tests.support.core import Core
from tests.support.registered import Registered, action

pytestmark = pytest.mark.usefixtures("worker")


async def _events(api: httpx.AsyncClient, execution_id: str) -> list[tuple[str, dict[str, object]]]:
    """Return every event of an execution, until the stream ends."""
    events = []
    async with api.stream("GET", f"/executions/{execution_id}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                events.append((name, json.loads(line.removeprefix("data:"))))
    return events


async def test_the_stream_begins_with_a_snapshot_and_ends_with_the_ended_execution(fleet: Registered) -> None:
    accepted = await fleet.start("sleep 0.5; echo done")
    events = await asyncio.wait_for(_events(fleet.api, accepted["id"]), 20)

    assert events[0][0] == "snapshot"
    assert (events[-1][0], events[-1][1]["status"]) == ("execution", "completed")


async def test_the_stream_tells_the_end_of_every_result(fleet: Registered) -> None:
    accepted = await fleet.start("sleep 0.5; echo done")
    events = await asyncio.wait_for(_events(fleet.api, accepted["id"]), 20)

    ended = {e["target_id"] for name, e in events if name == "result" and e["status"] == "completed"}
    assert ended == set(fleet.ids)


async def test_the_stream_tells_each_action_that_begins(fleet: Registered) -> None:
    accepted = await fleet.start_actions(
        action("command", command="echo one"), action("wait", seconds=2), ids=fleet.ids[:1]
    )
    events = await asyncio.wait_for(_events(fleet.api, accepted["id"]), 20)

    under_way = [e["steps"] for name, e in events if name == "result" and e["status"] == "running"]
    assert [[step["status"] for step in steps] for steps in under_way if steps] == [["completed", "running"]]  # type: ignore[attr-defined]


async def test_a_late_stream_tells_everything_too(fleet: Registered) -> None:
    execution = await fleet.run("echo early")
    events = await asyncio.wait_for(_events(fleet.api, execution["id"]), 5)

    assert [name for name, _ in events] == ["snapshot", "result", "result", "result", "execution"]


async def test_the_stream_shows_the_beginning_of_a_long_output_and_says_so(fleet: Registered) -> None:
    execution = await fleet.run("seq 10000", ids=fleet.ids[:1])
    events = await asyncio.wait_for(_events(fleet.api, execution["id"]), 5)

    [result] = [event for name, event in events if name == "result"]
    assert len(str(result["output_text"])) == 4096
    assert result["output_truncated"]


async def test_the_stream_of_an_execution_that_does_not_exist_is_a_404(fleet: Registered) -> None:
    answer = await fleet.api.get("/executions/01a20c06-c4c1-742b-b37f-ba80e5e35788/events")

    assert (answer.status_code, answer.json()["code"]) == (404, "execution_not_found")


async def test_a_long_poll_answers_when_the_execution_ends(fleet: Registered) -> None:
    accepted = await fleet.start("sleep 1")
    started = time.monotonic()
    answer = await fleet.api.get(f"/executions/{accepted['id']}", params={"wait": 20})

    assert answer.json()["status"] == "completed"
    assert time.monotonic() - started < 6


async def test_a_long_poll_answers_when_the_time_is_up(fleet: Registered) -> None:
    accepted = await fleet.start("sleep 5", ids=fleet.ids[:1])
    answer = await fleet.api.get(f"/executions/{accepted['id']}", params={"wait": 1})

    assert answer.json()["finished_at"] is None
    await fleet.api.post(f"/executions/{accepted['id']}/cancel")


@pytest.mark.parametrize("wait", ["-1", "61", "long"])
async def test_a_wait_out_of_bounds_is_refused(core: Core, fleet: Registered, wait: str) -> None:
    execution = await fleet.run("true", ids=fleet.ids[:1])
    answer = await core.admin.get(f"/executions/{execution['id']}", params={"wait": wait})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")

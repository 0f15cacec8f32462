"""Nudges: Node-RED hears at once that an execution changed."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis
from tests.bridge.conftest import INSTANCE_TOKEN, Door, command_on, open_door
from tests.support.core import Core
from tests.support.registered import Registered

from opsconductor.bridge import nudges
from opsconductor.bridge.nudges import Reader

EVENTS = "/api/workflow/events"


@contextlib.asynccontextmanager
async def listening(client: httpx.AsyncClient) -> AsyncIterator[AsyncIterator[tuple[str, dict]]]:
    """Open the stream; yield its events."""
    async with client.stream("GET", EVENTS) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, dict]]:
    name = ""
    async for line in answer.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind == "event":
            name = value
        if kind == "data":
            yield name, json.loads(value)


async def test_the_end_of_an_execution_is_heard_soon(
    nodered: httpx.AsyncClient, operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    async with listening(nodered) as events, asyncio.timeout(20):
        assert await anext(events) == ("hello", {})
        wanted = command_on(fleet.ids, "sleep 1")
        id = (await operator.post("/api/workflow/execute", json=wanted)).json()["execution_id"]
        heard = 0
        async for name, data in events:
            assert (name, set(data)) == ("execution", {"execution_id"})
            heard += data["execution_id"] == id
            state = (await operator.get(f"/api/workflow/state/{id}")).json()
            if state["terminal"]:
                break

    finished = (await fleet.api.get(f"/executions/{id}")).json()
    assert heard >= 1
    assert finished["status"] == "completed"


async def test_only_nodered_may_listen(door: Door, operator: httpx.AsyncClient) -> None:
    ticket = await door.ticket_of(await door.browser("administrator"))

    for client in (operator, await door.client(ticket)):
        answer = await client.get(EVENTS)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_missing")


async def test_a_stream_that_is_quiet_says_that_it_is_alive(
    nodered: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fastapi.routing._PING_INTERVAL", 0.2)
    async with nodered.stream("GET", EVENTS) as answer, asyncio.timeout(5):
        async for line in answer.aiter_lines():
            if line.startswith(":"):
                break


async def test_many_changes_of_one_execution_are_few_nudges() -> None:
    reader = Reader()
    events = reader.events()
    await anext(events)
    reader.note("execution", "a")
    assert (await anext(events)).data == {"execution_id": "a"}
    for _ in range(50):
        reader.note("execution", "a")
    reader.note("execution", "b")

    since = time.monotonic()
    told = [(await anext(events)).data["execution_id"] for _ in range(2)]
    assert told == ["a", "b"]
    assert time.monotonic() - since >= nudges.DEBOUNCE * 0.9
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.3)


async def test_a_slow_reader_is_told_that_it_missed_something() -> None:
    reader = Reader()
    events = reader.events()
    await anext(events)
    for number in range(nudges.MOST + 1):
        reader.note("execution", str(number))

    assert (await anext(events)).event == "resync"
    assert (await anext(events)).data == {"execution_id": str(nudges.MOST)}


async def test_a_bridge_that_was_away_from_redis_says_so(core: Core) -> None:
    async with Redis.from_url(core.environment["REDIS_URL"]) as redis:
        others = await _subscribers(redis)  # a worker's must live on
        async with open_door(core) as door, asyncio.timeout(10):
            while not (ours := await _subscribers(redis) - others):
                await asyncio.sleep(0.02)
            async with listening(await door.client(INSTANCE_TOKEN)) as events:
                assert (await anext(events))[0] == "hello"
                for subscriber in ours:
                    await redis.execute_command("CLIENT", "KILL", "ID", subscriber)
                assert await anext(events) == ("resync", {})


async def _subscribers(redis: Redis) -> set[str]:
    return {client["id"] for client in await redis.client_list(_type="pubsub")}

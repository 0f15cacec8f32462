"""Nudges: Node-RED hears at once that an execution changed."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator

import httpx
import pytest
from redis.asyncio import Redis
from tests.bridge.conftest import INSTANCE_TOKEN, Door, command_on, figure, open_door
from tests.support.core import Core
from tests.support.registered import Registered

from opsconductor.bridge import nudges
from opsconductor.bridge.nudges import Ring, read

EVENTS = "/api/workflow/events"


@contextlib.asynccontextmanager
async def listening(
    client: httpx.AsyncClient, heard: list[str] | None = None, **request: dict[str, str]
) -> AsyncIterator[AsyncIterator[tuple[str, dict]]]:
    """Open the stream; yield its events. The ids that were heard are put into a list."""
    async with client.stream("GET", EVENTS, **request) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield _events(answer, heard if heard is not None else [])


async def _events(answer: httpx.Response, heard: list[str]) -> AsyncIterator[tuple[str, dict]]:
    fields = dict[str, str]()
    async for line in answer.aiter_lines():
        kind, _, value = line.partition(": ")
        if kind:
            fields[kind] = value
        elif "event" in fields:
            heard.append(fields["id"])
            yield fields["event"], json.loads(fields["data"])
            fields.clear()


async def test_the_end_of_an_execution_is_heard_soon(
    nodered: httpx.AsyncClient, operator: httpx.AsyncClient, fleet: Registered, worker: object
) -> None:
    async with listening(nodered) as events, asyncio.timeout(20):
        assert await anext(events) == ("hello", {"resumed": False})
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
    ring = Ring()
    events = read(ring, None)
    await anext(events)
    ring.add("execution", "a")
    assert (await anext(events)).data == {"execution_id": "a"}
    for _ in range(50):
        ring.add("execution", "a")
    ring.add("execution", "b")

    since = time.monotonic()
    told = [(await anext(events)).data["execution_id"] for _ in range(2)]
    assert told == ["a", "b"]
    assert time.monotonic() - since >= nudges.DEBOUNCE * 0.9
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(events), 0.3)


async def test_a_slow_reader_is_told_that_it_missed_something() -> None:
    ring = Ring(10)
    events = read(ring, None)
    await anext(events)
    for number in range(11):
        ring.add("execution", str(number))

    assert (await anext(events)).event == "resync"
    ring.add("execution", "after")
    assert (await anext(events)).data == {"execution_id": "after"}


async def test_who_comes_back_within_the_ring_is_told_what_it_missed_each_once_and_in_order() -> None:
    ring = Ring(10)
    events = read(ring, None)
    last = (await anext(events)).id
    for id in ("a", "b", "a"):
        ring.add("execution", id)

    again = read(ring, last)
    hello, *missed = [await anext(again) for _ in range(3)]
    assert (hello.event, hello.data) == ("hello", {"resumed": True})
    assert [event.data["execution_id"] for event in missed] == ["b", "a"]
    twice = read(ring, missed[0].id)
    assert [(await anext(twice)).event, (await anext(twice)).data] == ["hello", {"execution_id": "a"}]


@pytest.mark.parametrize("number", [0, 4])
async def test_who_comes_back_after_the_ring_went_on_has_to_look_again(number: int) -> None:
    ring = Ring(5)
    ids = [ring.id_of(number)]
    for each in range(10):
        ring.add("execution", str(each))

    again = read(ring, ids[0])
    told = [(await anext(again)) for _ in range(2)]
    assert [(event.event, event.data) for event in told] == [("hello", {"resumed": False}), ("resync", {})]
    oldest_kept = read(ring, ring.id_of(5))
    assert (await anext(oldest_kept)).data == {"resumed": True}


@pytest.mark.parametrize(
    "id", ["another-1", "x", "-", "1", "{name}-99", "{name}-", "{name}--1", "{name}-1e9"]
)
async def test_an_id_that_is_not_of_this_ring_means_that_nothing_is_known(id: str) -> None:
    ring = Ring()
    ring.add("execution", "a")
    name, _, _ = ring.id_of(0).partition("-")

    events = read(ring, id.format(name=name))
    assert [(await anext(events)).event for _ in range(2)] == ["hello", "resync"]


@pytest.mark.parametrize("by", ["headers", "params"])
async def test_b5_who_reconnects_with_the_last_id_gets_what_it_missed(
    nodered: httpx.AsyncClient, operator: httpx.AsyncClient, targets: list[dict], by: str
) -> None:
    heard: list[str] = []
    async with listening(nodered, heard) as events, asyncio.timeout(10):
        assert (await anext(events))[0] == "hello"
    id = (await operator.post("/api/workflow/execute", json=command_on([targets[0]["id"]]))).json()[
        "execution_id"
    ]
    await operator.post(f"/api/workflow/cancel/{id}")
    await asyncio.sleep(0.2)
    back = {"headers": {"Last-Event-ID": heard[-1]}} if by == "headers" else {"params": {"since": heard[-1]}}
    async with listening(nodered, **back) as events, asyncio.timeout(10):
        assert await anext(events) == ("hello", {"resumed": True})
        while await anext(events) != ("execution", {"execution_id": id}):
            pass


async def test_b5_after_a_restart_of_the_bridge_a_reader_is_told_to_look_again(core: Core) -> None:
    heard: list[str] = []
    async with open_door(core) as door, listening(await door.client(INSTANCE_TOKEN), heard) as events:
        assert (await anext(events))[0] == "hello"
    async with open_door(core) as door, asyncio.timeout(10):
        nodered = await door.client(INSTANCE_TOKEN)
        before = await figure(door, "opsconductor_bridge_streams_total", beginning="reset")
        async with listening(nodered, headers={"Last-Event-ID": heard[-1]}) as events:
            told = [await anext(events), await anext(events)]
            open_ones = await figure(door, "opsconductor_bridge_streams_open")
        after = await figure(door, "opsconductor_bridge_streams_total", beginning="reset")

    assert told == [("hello", {"resumed": False}), ("resync", {})]
    assert open_ones >= 1
    assert after == before + 1


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

"""Live hints between processes, over a real Valkey."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from tests.support.core import Core
from tests.support.servers import free_port

from opsconductor.kit.live import CHANNEL, RECONNECTED, Hints
from opsconductor.kit.settings import Settings


@pytest.fixture
async def pair(redis_url: str) -> AsyncIterator[tuple[Hints, Hints]]:
    """The hints of two processes that listen."""
    both = Hints(Settings(REDIS_URL=redis_url)), Hints(Settings(REDIS_URL=redis_url))
    for hints in both:
        async with hints.everything() as queue:
            hints.start()
            assert (await asyncio.wait_for(queue.get(), 5))["kind"] == RECONNECTED
    yield both
    for hints in both:
        await hints.stop()


async def test_a_hint_wakes_who_waits_for_this_id_in_another_process(pair: tuple[Hints, Hints]) -> None:
    here, there = pair
    async with there.watching("e-1") as event:
        await here.publish("execution", "e-1")

        await asyncio.wait_for(event.wait(), 2)


async def test_a_hint_leaves_who_waits_for_another_id_alone(pair: tuple[Hints, Hints]) -> None:
    here, there = pair
    async with there.watching("e-1") as mine, there.watching("e-2") as other:
        await here.publish("execution", "e-1")
        await asyncio.wait_for(mine.wait(), 2)

        assert not other.is_set()


async def test_who_waits_for_an_end_is_left_alone_as_long_as_it_surely_goes_on(
    pair: tuple[Hints, Hints],
) -> None:
    here, there = pair
    async with there.watching("e-1") as any_change, there.watching("e-1", for_its_end=True) as end:
        await here.publish("execution", "e-1", goes_on=True)
        await asyncio.wait_for(any_change.wait(), 2)

        assert not end.is_set()

        await here.publish("execution", "e-1")
        await asyncio.wait_for(end.wait(), 2)


async def test_everything_is_seen_with_its_kind_in_order(pair: tuple[Hints, Hints]) -> None:
    here, there = pair
    async with there.everything() as queue:
        await here.publish("execution", "e-1")
        await here.publish("cancel", "e-2")
        seen = [await asyncio.wait_for(queue.get(), 2) for _ in range(2)]

    assert seen == [{"kind": "execution", "id": "e-1"}, {"kind": "cancel", "id": "e-2"}]


async def test_a_hint_that_can_not_be_read_does_no_harm(pair: tuple[Hints, Hints]) -> None:
    here, there = pair
    async with there.watching("e-1") as event:
        for noise in (b"noise", b"[]", b"{}", b"null", b'"id"'):
            await here.redis.publish(CHANNEL, noise)
        await here.publish("execution", "e-1")

        await asyncio.wait_for(event.wait(), 2)


async def test_a_slow_reader_loses_the_newest_hints_and_nothing_waits_for_it(
    pair: tuple[Hints, Hints],
) -> None:
    here, there = pair
    async with there.everything(size=2) as queue, there.watching("last") as last:
        for id in ("1", "2", "3", "last"):
            await here.publish("execution", id)
        await asyncio.wait_for(last.wait(), 2)

        assert [queue.get_nowait()["id"] for _ in range(queue.qsize())] == ["1", "2"]


async def test_a_cut_connection_wakes_everybody_once_it_is_back(pair: tuple[Hints, Hints]) -> None:
    here, there = pair
    async with there.watching("e-1") as event, there.everything() as queue:
        await here.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")

        assert (await asyncio.wait_for(queue.get(), 5))["kind"] == RECONNECTED
        assert event.is_set()


async def test_stopping_ends_a_subscription_that_is_just_being_renewed(redis_url: str) -> None:
    for round in range(40):  # once in about six, the client loses the request to stop
        hints = Hints(Settings(REDIS_URL=redis_url))
        async with hints.everything() as queue:
            hints.start()
            await asyncio.wait_for(queue.get(), 5)
        await hints.redis.execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        await asyncio.sleep(round / 10_000)

        await asyncio.wait_for(hints.stop(), 5)


async def test_without_redis_publishing_fails_silently_and_soon() -> None:
    hints = Hints(Settings(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0"))
    hints.start()

    await asyncio.wait_for(hints.publish("execution", "e-1"), 4)
    await hints.stop()


async def test_nothing_is_kept_of_those_who_no_longer_wait(pair: tuple[Hints, Hints]) -> None:
    _, there = pair
    async with there.watching("e-1"), there.watching("e-1"):
        pass

    assert there._waiting == {}


async def test_the_core_hears_hints_of_others(core: Core, redis_url: str) -> None:
    hints: Hints = core.app.state.lookout.hints
    publisher = Hints(Settings(REDIS_URL=redis_url))
    async with hints.watching("e-9") as event:
        for _ in range(20):
            await publisher.publish("execution", "e-9")
            await asyncio.sleep(0.05)
            if event.is_set():
                break

        assert event.is_set()
    await publisher.stop()

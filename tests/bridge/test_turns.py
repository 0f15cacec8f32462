"""Turns with the core: what has ended goes before what begins, which does not wait for ever."""

import asyncio
import time
from contextlib import ExitStack

import pytest

from opsconductor.bridge.turns import LONGEST, Turns


async def _begin(turns: Turns, begun: list[float]) -> None:
    async with turns.to_begin():
        begun.append(time.monotonic())


async def test_a_beginning_has_its_turn_at_once_where_nobody_reads() -> None:
    async with asyncio.timeout(LONGEST / 2), Turns(1).to_begin():
        pass


async def test_a_beginning_waits_until_the_last_reader_has_read() -> None:
    turns, begun = Turns(1), list[float]()
    with turns.to_read():
        with turns.to_read():
            beginning = asyncio.create_task(_begin(turns, begun))
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.02)
        early = list(begun)
    await beginning

    assert (early, len(begun)) == ([], 1)


async def test_a_reader_that_fails_holds_up_nobody() -> None:
    turns = Turns(1)
    with pytest.raises(OSError, match="lost"), turns.to_read():
        raise OSError("lost")

    async with asyncio.timeout(LONGEST / 2), turns.to_begin():
        pass


async def test_where_somebody_always_reads_a_beginning_goes_on_after_a_moment() -> None:
    turns = Turns(1)
    with turns.to_read():
        asked = time.monotonic()
        async with turns.to_begin():
            waited = time.monotonic() - asked

    assert LONGEST * 0.9 < waited < LONGEST * 20


async def test_no_more_begin_at_once_than_there_are_turns() -> None:
    turns, begun = Turns(2), list[float]()
    async with turns.to_begin(), turns.to_begin():
        third = asyncio.create_task(_begin(turns, begun))
        await asyncio.sleep(0.02)
        early = list(begun)
    await third

    assert (early, len(begun)) == ([], 1)


async def test_hooks_are_checked_beside_what_begins_and_let_readers_go_first_as_well() -> None:
    turns, checked = Turns(1), list[float]()

    async def check() -> None:
        async with turns.to_check():
            checked.append(time.monotonic())

    async with turns.to_begin():
        await check()
    with turns.to_read():
        checking = asyncio.create_task(check())
        await asyncio.sleep(0.02)
        early = len(checked)
    await checking

    assert (early, len(checked)) == (1, 2)


async def test_a_reader_never_waits() -> None:
    turns = Turns(1)
    async with turns.to_begin():
        with ExitStack() as readers:  # not a coroutine: there is nothing it could wait for
            for _ in range(1000):
                readers.enter_context(turns.to_read())

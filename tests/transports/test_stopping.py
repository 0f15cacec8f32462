"""Time-outs, cancels and lost connections: what ends, and what is said about it."""

import asyncio
import time
from pathlib import Path

import pytest
from tests.support.sshd import running_sshd
from tests.transports import hostile
from tests.transports.hostile import scripted
from tests.transports.runs import run
from tests.transports.sinks import Kept

from opsconductor.transports import (
    Command,
    CommandTimedOut,
    ConnectionClosed,
    ConnectionLost,
    Exit,
    SessionRefused,
)
from opsconductor.transports.ssh import reaper


async def test_a_command_that_takes_too_long_can_be_ended_on_the_target(transport, target, tmp_path):
    note = tmp_path / "pid"
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command(f"echo $$ > {note}; sleep 60", 0.3), Kept())

        with pytest.raises(CommandTimedOut) as late:
            await running.wait()
        stopped = await running.cancel()

    assert late.value.kind == "timed_out"
    assert stopped.ended
    assert stopped.exit == Exit(None, "TERM", clean=True)
    assert not _alive(note)


async def test_a_command_that_ignores_the_request_is_killed_with_its_children(transport, target, tmp_path):
    note, child = tmp_path / "pid", tmp_path / "child"
    text = f"trap '' TERM; echo $$ > {note}; (echo $(exec sh -c 'echo $PPID') > {child}; sleep 60; sleep 60)"
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command(text, 30), Kept())
        await _written(child)

        started = time.monotonic()
        stopped = await running.cancel(grace=0.5)

    assert time.monotonic() - started < 5
    assert stopped.ended
    assert not _alive(note)
    assert not _alive(child)


async def test_a_command_may_clean_up_when_it_is_asked_to_end(transport, target, tmp_path):
    mark = tmp_path / "cleaned"
    text = f"trap 'touch {mark}; exit 7' TERM; echo ready; sleep 60 & wait"
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        kept = Kept()
        running = await connection.start(Command(text, 30), kept)
        await _until(lambda: kept.out == b"ready\n")

        stopped = await running.cancel()

    assert mark.exists()
    assert stopped.exit is not None
    assert stopped.exit.exit_code == 7


async def test_other_commands_of_the_same_user_go_on(transport, target, tmp_path):
    note = tmp_path / "pid"
    async with (
        await transport.connect(target.endpoint, target.login, target.pinned) as one,
        await transport.connect(target.endpoint, target.login, target.pinned) as other,
    ):
        spared = await other.start(Command(f"echo $$ > {note}; sleep 30", 30), Kept())
        running = await one.start(Command("trap '' TERM; sleep 30; sleep 30", 30), Kept())
        await _written(note)

        assert (await running.cancel(grace=0.4)).ended
        assert _alive(note)
        assert (await spared.cancel()).ended


async def test_a_server_that_answers_nothing_is_dropped_within_five_seconds_and_the_end_is_not_claimed(
    transport,
):
    async with scripted(hostile.never_ends) as server:
        async with await transport.connect(server.endpoint, hostile.LOGIN, server.pinned) as connection:
            running = await connection.start(Command("anything", 30), Kept())
            started = time.monotonic()
            stopped = await running.cancel(grace=60)

            assert time.monotonic() - started < 5
            assert (stopped.ended, stopped.exit) == (False, None)
            with pytest.raises(ConnectionClosed):
                await connection.start(Command("true", 10), Kept())


async def test_cancelling_what_is_over_tells_how_it_ended(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("exit 5", 10), Kept())
        await running.wait()

        stopped = await running.cancel()

        assert stopped.exit == Exit(5, None, clean=True)
        assert (await (await connection.start(Command("true", 10), Kept())).wait()).exit_code == 0


async def test_giving_up_waiting_does_not_touch_the_command(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("sleep 0.5; exit 6", 10), Kept())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(running.wait(), 0.1)

        assert (await running.wait()).exit_code == 6


async def test_a_command_whose_child_keeps_the_output_open_is_told_as_not_clean(transport, target, tmp_path):
    note = tmp_path / "pid"
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command(f"sleep 5 & echo $! > {note}; exit 0", 0.6), Kept())

        assert await running.wait() == Exit(0, None, clean=False)


async def test_a_connection_lost_under_way_leaves_the_outcome_open(transport):
    async with scripted(hostile.drops_the_connection) as server:
        with pytest.raises(ConnectionLost) as lost:
            await run(transport, server.target, "true")

    assert (lost.value.kind, lost.value.retry) == ("lost", False)


async def test_an_end_without_a_status_leaves_the_outcome_open(transport):
    async with scripted(hostile.closes_without_a_status) as server:
        with pytest.raises(ConnectionLost):
            await run(transport, server.target, "true")


async def test_a_status_whose_output_was_cut_short_is_not_clean(transport):
    async with scripted(hostile.reports_then_drops) as server:
        end, kept = await run(transport, server.target, "true")

    assert (end, kept.out) == (Exit(0, None, clean=False), b"half")


async def test_a_server_that_refuses_commands_is_told_as_such(transport):
    async with scripted(hostile.refuses) as server:
        with pytest.raises(SessionRefused) as refused:
            await run(transport, server.target, "true")

    assert refused.value.kind == "failed"


async def test_a_connection_that_is_gone_before_the_start_sent_nothing(transport):
    async with scripted(hostile.never_ends) as server:
        async with await transport.connect(server.endpoint, hostile.LOGIN, server.pinned) as connection:
            server.open[0].abort()
            await asyncio.sleep(0.1)

            with pytest.raises(ConnectionClosed) as closed:
                await connection.start(Command("true", 10), Kept())

    assert closed.value.retry
    assert server.commands == []


async def test_a_target_that_falls_silent_is_noticed(hasty):
    async with running_sshd() as [target]:
        async with await hasty.connect(target.endpoint, target.login, target.pinned) as connection:
            running = await connection.start(Command("kill -STOP $PPID; sleep 5", 30), Kept())
            started = time.monotonic()

            with pytest.raises(ConnectionLost):
                await running.wait()

    assert time.monotonic() - started < 4


@pytest.mark.parametrize(
    ("version", "user", "forced", "expected"),
    [
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2", "root", False, True),
        ("SSH-2.0-OpenSSH_9.2p1 Debian-2", "alice", False, False),
        ("SSH-2.0-OpenSSH_7.4", "alice", False, True),
        ("SSH-2.0-OpenSSH_9.2p1", "root", True, False),
        ("SSH-2.0-OpenSSH_for_Windows_9.5", "root", False, False),
        ("SSH-2.0-AsyncSSH_2.24.1", "root", False, False),
        ("", "root", False, False),
    ],
)
def test_a_second_session_is_used_only_where_it_is_needed_and_safe(version, user, forced, expected):
    assert reaper.applies(version, user, forced_command=forced) is expected


async def test_a_login_with_a_command_of_its_own_does_not_run_it_again_for_a_cancel(transport, tmp_path):
    log = tmp_path / "log"
    async with running_sshd() as [target]:
        if target.kind != "openssh":
            pytest.skip("needs OpenSSH")
        authorized = target.home / "authorized_keys"
        authorized.write_text(f'command="echo ran >> {log}; sleep 5" {authorized.read_text()}')
        async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
            running = await connection.start(Command("anything", 30), Kept())
            await _written(log)
            await running.cancel(grace=0.1)

    assert log.read_text() == "ran\n"


def _alive(note: Path) -> bool:
    """Tell whether the process whose id is in the file exists and is more than a zombie."""
    try:
        return Path(f"/proc/{int(note.read_text())}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


async def _written(note: Path) -> None:
    await _until(lambda: note.exists() and note.read_text().endswith("\n"))


async def _until(true) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.02)

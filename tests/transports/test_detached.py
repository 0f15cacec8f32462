"""Detached commands on a real sshd: they outlive who started them, run once, and leave nothing behind."""

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest
from tests.support.sshd import running_sshd
from tests.transports.detached_runs import (
    a_key,
    alive,
    attached,
    connected,
    folder,
    later,
    processes,
    run,
    start_and_vanish,
    state,
    until,
    written,
)
from tests.transports.sinks import Kept, Limited

from opsconductor.transports import Command, CommandTimedOut, Exit, OutputLimit
from opsconductor.transports.detached import Received
from opsconductor.transports.detached_errors import (
    CommandAbandoned,
    KeeperKilled,
    NeverStarted,
    OperationReleased,
    OperationSuperseded,
    TargetRestarted,
)


async def test_a_detached_command_answers_like_an_attached_one(transport, target):
    async with connected(transport, target) as connection:
        end, kept = await run(connection, r"echo out; printf 'e\377\000' >&2; exit 3")

    assert end == Exit(3, None, clean=True)
    assert (kept.out, kept.err) == (b"out\n", b"e\xff\x00")


async def test_input_of_any_bytes_arrives_whole_and_ends(transport, target):
    sent = bytes(range(256)) * 2_000
    kept = Kept()

    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command("cat", 20, sent), Received(kept), a_key())
        end = await running.wait()

    assert end == Exit(0, None, clean=True)
    assert kept.out == sent


async def test_the_command_finds_what_it_would_find_attached(transport, target):
    text = "umask; pwd; echo 'a  b' \"$((1+1))\" é; grep SigIgn /proc/$$/status; ls /proc/$$/fd"
    kept = Kept()

    async with connected(transport, target) as connection:
        running = await connection.start(Command(text, 20), kept)
        await running.wait()
        _, detached = await run(connection, text)

    assert detached.out == kept.out


async def test_output_can_be_seen_while_the_command_runs(transport, target):
    kept, key = Kept(), a_key()
    async with connected(transport, target) as connection:
        text = "printf first; printf second >&2; sleep 30"
        running = await connection.start_detached(Command(text, 40), Received(kept), key)

        await until(lambda: (kept.out, kept.err) == (b"first", b"second"))
        await running.cancel()


async def test_a_command_outlives_its_connection_and_is_attached_to_again(transport, target, tmp_path):
    key, gate = a_key(), tmp_path / "gate"
    text = f"echo before; until [ -e {gate} ]; do sleep 0.05; done; echo after; exit 5"
    await start_and_vanish(transport, target, Command(text, 20), key)
    gate.touch()

    async with connected(transport, target) as connection:
        end, kept = await attached(connection, later(key))

    assert end == Exit(5, None, clean=True)
    assert kept.out == b"before\nafter\n"


async def test_who_has_some_of_the_output_gets_the_rest(transport, target, tmp_path):
    key, gate, kept = a_key(), tmp_path / "gate", Kept()
    received = Received(kept)
    text = f"echo before; echo err >&2; until [ -e {gate} ]; do sleep 0.05; done; echo after"
    connection = await transport.connect(target.endpoint, target.login, target.pinned)
    await connection.start_detached(Command(text, 20), received, key)
    await until(lambda: kept.out and kept.err)
    connection._connection.abort()
    gate.touch()

    async with connected(transport, target) as connection:
        running = await connection.attach(received, key, 20)
        end = await running.wait()

    assert end == Exit(0, None, clean=True)
    assert (kept.out, kept.err) == (b"before\nafter\n", b"err\n")


async def test_starting_again_attaches_instead(transport, target, tmp_path):
    key, log = a_key(), tmp_path / "log"
    async with connected(transport, target) as connection:
        first, _ = await run(connection, f"echo ran >> {log}; exit 4", key)
        again, _ = await run(connection, f"echo ran >> {log}; exit 4", later(key))

    assert first == again == Exit(4, None, clean=True)
    assert log.read_text() == "ran\n"


async def test_two_who_attach_at_once_both_get_everything(transport, target, tmp_path):
    key, gate = a_key(), tmp_path / "gate"
    text = f"until [ -e {gate} ]; do sleep 0.05; done; head -c 300000 /dev/zero; echo end >&2"
    await start_and_vanish(transport, target, Command(text, 20), key)

    async with connected(transport, target) as one, connected(transport, target) as other:
        both = asyncio.gather(attached(one, key), attached(other, key))
        await asyncio.sleep(0.3)
        gate.touch()
        ends = await both

    for end, kept in ends:
        assert end == Exit(0, None, clean=True)
        assert (kept.out, kept.err) == (bytes(300_000), b"end\n")


async def test_what_was_never_started_is_told_and_can_be_started(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        with pytest.raises(NeverStarted):
            await connection.attach(Received(Kept()), key, 20)
        end, kept = await run(connection, "echo ran", later(key))

    assert (end.exit_code, kept.out) == (0, b"ran\n")


async def test_a_stale_worker_can_do_nothing_once_another_has_come(transport, target, tmp_path):
    stale, mark = a_key(), tmp_path / "mark"
    newer = later(stale)
    async with connected(transport, target) as connection:
        with pytest.raises(NeverStarted):
            await connection.attach(Received(Kept()), newer, 20)

        with pytest.raises(OperationSuperseded):
            await run(connection, f"touch {mark}", stale)
        with pytest.raises(OperationSuperseded):
            await connection.attach(Received(Kept()), stale, 20)
        with pytest.raises(OperationSuperseded):
            await connection.release(stale)
    assert not mark.exists()


async def test_a_stale_worker_can_not_end_what_another_attends(transport, target):
    stale = a_key()
    async with connected(transport, target) as one, connected(transport, target) as other:
        old = await one.start_detached(Command("sleep 30", 40), Received(Kept()), stale)
        new = await other.attach(Received(Kept()), later(stale), 40)

        assert not (await old.cancel(grace=0.1)).ended
        assert (await new.cancel(grace=0.1)).ended


async def test_a_start_that_arrives_after_all_is_over_runs_nothing(transport, target, tmp_path):
    stale, log = a_key(), tmp_path / "log"
    newer = later(stale)
    async with connected(transport, target) as connection:
        with pytest.raises(NeverStarted):
            await connection.attach(Received(Kept()), newer, 20)
        await run(connection, f"echo ran >> {log}", newer)
        assert await connection.release(newer)

        for late in (stale, newer):
            with pytest.raises(OperationReleased):
                await run(connection, f"echo ran >> {log}", late)
    assert log.read_text() == "ran\n"


async def test_a_late_start_is_harmless_also_where_the_next_worker_started_without_asking(
    transport, target, tmp_path
):
    stale, log = a_key(), tmp_path / "log"
    newer = later(stale)
    async with connected(transport, target) as connection:
        await run(connection, f"echo ran >> {log}", newer)
        assert await connection.release(newer)

        with pytest.raises(OperationReleased):
            await run(connection, f"echo ran >> {log}", stale)
    assert log.read_text() == "ran\n"


async def test_release_leaves_nothing_behind(transport):
    async with running_sshd() as [target]:
        async with connected(transport, target) as connection:
            key = a_key()
            await run(connection, "echo out", key)
            assert (folder(target, key).stat().st_mode & 0o777) == 0o700

            assert await connection.release(key)
            assert await connection.release(key)
        await until(lambda: not list(processes(target)))

        assert list(state(target).iterdir()) == []


async def test_what_still_runs_is_not_released(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command("sleep 30", 40), Received(Kept()), key)

        assert not await connection.release(key)
        await running.cancel()
        assert await connection.release(key)


async def test_a_lost_connection_leaves_no_attendant_behind(transport):
    async with running_sshd() as [target]:
        key = a_key()
        async with connected(transport, target) as other:
            await start_and_vanish(transport, target, Command("sleep 30", 40), key)
            await until(lambda: not any("tail" in _words(process) for process in processes(target)))

            running = await other.attach(Received(Kept()), key, 40)
            assert (await running.cancel()).ended


async def test_a_cancel_ends_the_whole_session_by_force_if_need_be(transport, target, tmp_path):
    note, child, mover = tmp_path / "pid", tmp_path / "child", tmp_path / "mover"
    text = (
        f"trap '' TERM; echo $$ > {note}; (echo $(exec sh -c 'echo $PPID') > {child}; sleep 60; sleep 60) & "
        f"bash -mc 'sleep 60 & echo $! > {mover}; wait' & wait; sleep 60"
    )
    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command(text, 90), Received(Kept()), a_key())
        await until(lambda: all(map(written, (note, child, mover))))
        started = time.monotonic()
        stopped = await running.cancel(grace=0.5)

    assert time.monotonic() - started < 5
    assert stopped.ended
    assert stopped.exit == Exit(None, "KILL", clean=True)
    assert not any(map(alive, (note, child, mover)))


async def test_a_command_may_clean_up_and_its_last_output_counts(transport, target):
    text = "trap 'echo cleaned; exit 7' TERM; echo ready; sleep 60 & wait"
    kept = Kept()
    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command(text, 90), Received(kept), a_key())
        await until(lambda: kept.out == b"ready\n")
        stopped = await running.cancel()

    assert stopped.exit == Exit(7, None, clean=True)
    assert kept.out == b"ready\ncleaned\n"


async def test_a_cancel_works_after_attaching_again(transport, target, tmp_path):
    key, note = a_key(), tmp_path / "pid"
    await start_and_vanish(transport, target, Command(f"echo $$ > {note}; sleep 60", 90), key)
    async with connected(transport, target) as connection:
        running = await connection.attach(Received(Kept()), later(key), 90)
        await until(lambda: written(note))
        stopped = await running.cancel()

    assert stopped.ended
    assert stopped.exit == Exit(None, "TERM", clean=True)
    assert not alive(note)


async def test_a_cancel_that_comes_at_once_still_ends_the_command(transport, target):
    async with connected(transport, target) as connection:
        for _ in range(5):
            running = await connection.start_detached(Command("sleep 60", 90), Received(Kept()), a_key())
            assert (await running.cancel()).ended


async def test_the_target_itself_ends_what_takes_too_long(transport, target, tmp_path):
    key, note = a_key(), tmp_path / "pid"
    command = Command(f"trap '' TERM; echo $$ > {note}; echo so far; sleep 60; sleep 60", 1)
    await start_and_vanish(transport, target, command, key)
    await until(lambda: written(note))
    await until(lambda: not alive(note), 8)

    async with connected(transport, target) as connection:
        kept = Kept()
        running = await connection.attach(Received(kept), later(key), 1)
        with pytest.raises(CommandTimedOut):
            await running.wait()

    assert kept.out == b"so far\n"


async def test_output_kept_open_in_the_background_is_told_as_not_clean_once_the_time_is_up(transport, target):
    kept = Kept()
    async with connected(transport, target) as connection:
        command = Command("setsid sleep 6 & echo out; exit 3", 1)
        running = await connection.start_detached(command, Received(kept), a_key())

        assert await running.wait() == Exit(3, None, clean=False)
    assert kept.out == b"out\n"


async def test_a_background_process_without_our_output_does_not_delay_the_end(transport, target):
    async with connected(transport, target) as connection:
        end, _ = await run(connection, "setsid sleep 20 >/dev/null 2>&1 & exit 0")

    assert end == Exit(0, None, clean=True)


async def test_a_killed_keeper_leaves_the_outcome_open_and_says_what_of_the_command(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command("sleep 30", 40), Received(Kept()), key)
        pid = folder(target, key) / "pid"
        await until(lambda: written(pid))
        command = int(pid.read_text().split()[0])
        os.kill(_parent(command), signal.SIGKILL)

        with pytest.raises(CommandAbandoned):
            await running.wait()
        assert not await connection.release(key)  # it still runs
        os.kill(command, signal.SIGKILL)
        await until(lambda: not Path(f"/proc/{command}/exe").exists())
        with pytest.raises(KeeperKilled):
            await attached(connection, key)
        assert await connection.release(key)


async def test_what_a_killed_keeper_left_running_is_ended_at_its_time(transport, target, tmp_path):
    key, note = a_key(), tmp_path / "pid"
    async with connected(transport, target) as connection:
        await connection.start_detached(Command(f"echo $$ > {note}; sleep 30", 2), Received(Kept()), key)
        await until(lambda: written(note))
        os.kill(_parent(int(note.read_text())), signal.SIGKILL)

        await until(lambda: not alive(note), 6)


async def test_a_restart_of_the_target_is_told(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        await run(connection, "echo out", key)
        (folder(target, key) / "rc").unlink()
        (folder(target, key) / "started").write_text("11111111-2222-3333-4444-555555555555\n")

        with pytest.raises(TargetRestarted) as unknown:
            await attached(connection, key)

    assert unknown.value.kind == "lost"


async def test_what_a_restarted_target_does_not_know_may_have_run_before_and_is_not_started(
    transport, target, tmp_path
):
    mark, uptime = tmp_path / "mark", float(Path("/proc/uptime").read_text().split()[0])
    async with connected(transport, target) as connection:
        command, received = Command(f"touch {mark}", 20), Received(Kept())
        with pytest.raises(TargetRestarted):
            await connection.start_detached(command, received, a_key(), sent_ago=uptime + 60)
        with pytest.raises(TargetRestarted):
            await connection.attach(received, a_key(), 20, sent_ago=uptime + 60)
        assert not mark.exists()

        running = await connection.start_detached(command, received, a_key(), sent_ago=uptime - 60)
        assert (await running.wait()).clean
    assert mark.exists()


async def test_a_sink_that_refuses_more_ends_the_wait_and_the_command(transport, target):
    async with connected(transport, target) as connection:
        running = await connection.start_detached(Command("yes", 30), Received(Limited(100_000)), a_key())

        with pytest.raises(OutputLimit):
            await running.wait()
        assert (await running.cancel()).ended


async def test_the_target_keeps_no_more_than_allowed(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        running = await connection._detached.start(Command("yes", 30), Received(Kept()), key, limit=1_000_000)

        with pytest.raises(OutputLimit):
            await running.wait()
    assert (folder(target, key) / "out").stat().st_size < 2_100_000  # a bash counts in blocks of 1024


async def test_a_damaged_output_is_not_told_as_whole(transport, target):
    key = a_key()
    async with connected(transport, target) as connection:
        await run(connection, "echo right", key)
        (folder(target, key) / "out").write_text("wrong\n")

        end, _ = await attached(connection, key)

    assert end == Exit(0, None, clean=False)


async def test_old_folders_nobody_came_back_for_are_removed_and_those_in_use_are_not(transport):
    async with running_sshd() as [target]:
        finished, busy, young = a_key(), a_key(), a_key()
        async with connected(transport, target) as connection:
            await run(connection, "true", finished)
            await run(connection, "true", young)
            running = await connection.start_detached(Command("sleep 30", 40), Received(Kept()), busy)
            await until(lambda: written(folder(target, busy) / "pid"))
            for key in (finished, busy):
                os.utime(folder(target, key), (time.time() - 9 * 86400,) * 2)

            async with connected(transport, target) as other:
                end, _ = await run(other, "sleep 0.5")
                await until(lambda: not folder(target, finished).exists(), 30)  # nobody waits for the sweep
            assert end.clean
            assert folder(target, busy).exists()
            assert folder(target, young).exists()
            await running.cancel()


def _words(process: Path) -> str:
    try:
        return (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

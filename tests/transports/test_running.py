"""Commands on a real sshd: what they write and how they end."""

from pathlib import Path

import pytest
from tests.support.sshd import running_sshd, running_sshd_in_a_thread
from tests.transports import hostile
from tests.transports.hostile import scripted
from tests.transports.runs import run
from tests.transports.sinks import Kept, Limited

from opsconductor.stack.fleet import openssh
from opsconductor.transports import Command, Exit, OutputLimit


async def test_the_tests_run_against_openssh_where_it_is_installed(target):
    assert target.kind == ("openssh" if openssh.find() else "built-in")


async def test_a_command_answers_on_both_streams_and_with_its_exit_code(transport, target):
    end, kept = await run(transport, target, "echo out; echo err >&2; exit 3")

    assert end == Exit(3, None, clean=True)
    assert (kept.out, kept.err) == (b"out\n", b"err\n")


async def test_a_command_that_dies_by_a_signal_says_which(transport, target):
    end, _ = await run(transport, target, "kill -KILL $$")

    assert end == Exit(None, "KILL", clean=True)


async def test_a_target_can_not_pass_off_what_it_knows_as_the_name_of_a_signal(transport):
    name = hostile.LOGIN.password.get_secret_value()
    async with scripted(hostile.ends_by_signal(name)) as server:
        end, _ = await run(transport, server.target, "true")

    assert server.passwords == [name]
    assert end == Exit(None, "unknown", clean=True)


async def test_output_that_is_no_text_arrives_byte_for_byte(transport, target):
    _, kept = await run(transport, target, r"printf '\377\376\000\342\202'")

    assert kept.out == b"\xff\xfe\x00\xe2\x82"


async def test_input_arrives_whole_and_ends(transport, target):
    sent = bytes(range(256)) * 10_000

    end, kept = await run(transport, target, "cat", stdin=sent)

    assert end.clean
    assert kept.out == sent


async def test_a_command_that_reads_without_input_does_not_hang(transport, target):
    end, kept = await run(transport, target, "cat; echo done")

    assert (end.exit_code, kept.out) == (0, b"done\n")


async def test_the_exact_command_line_arrives(transport, target):
    _, kept = await run(transport, target, "echo 'a  b' \"$((1+1))\" é\necho $OPSCONDUCTOR_DEMO_TARGET")

    assert kept.out.decode() == f"a  b 2 é\n{target.name}\n"


async def test_several_commands_can_follow_each_other_on_one_connection(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        for number in range(5):
            running = await connection.start(Command(f"exit {number}", 10), Kept())
            assert (await running.wait()).exit_code == number


async def test_two_commands_at_once_on_one_connection_are_a_mistake(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("sleep 5", 10), Kept())

        with pytest.raises(RuntimeError):
            await connection.start(Command("true", 10), Kept())
        await running.cancel()


async def test_nothing_runs_before_start(transport, target, tmp_path):
    mark = tmp_path / "mark"

    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        assert not mark.exists()
        running = await connection.start(Command(f"touch {mark}", 10), Kept())
        await running.wait()

    assert mark.exists()


def test_an_empty_command_is_refused_as_it_would_open_a_shell():
    with pytest.raises(ValueError, match="empty"):
        Command(" \n", 10)


@pytest.mark.parametrize("status", [256, 255, 0xFFFFFFFF, 3221225477])
async def test_an_exit_code_above_255_keeps_its_value(transport, status):
    async with scripted(hostile.exits_with(status)) as server:
        end, _ = await run(transport, server.target, "true")

    assert end == Exit(status, None, clean=True)


async def test_twenty_megabytes_pass_through_without_being_kept(transport, target):
    sizes = []

    class Watching(Limited):
        def stdout(self, data: bytes) -> None:
            super().stdout(data)
            if self.size % 64 < 8:
                sizes.append(_memory())

    sink = Watching(limit=10**9)
    before = _memory()
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("head -c 20000000 /dev/zero", 20), sink)
        end = await running.wait()

    assert end == Exit(0, None, clean=True)
    assert sink.size == 20_000_000
    assert max(sizes, default=0) - before < 12 * 1024 * 1024


async def test_a_sink_that_refuses_more_ends_the_wait_and_the_command(transport, target):
    sink = Limited(100_000)
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("yes", 30), sink)

        with pytest.raises(OutputLimit) as refused:
            await running.wait()
        stopped = await running.cancel()

    assert refused.value.kind == "failed"
    assert stopped.ended
    assert sink.size < 100_000 + 64 * 1024  # nothing more is delivered after the refusal


async def test_a_command_whose_output_was_refused_still_counts_as_running(transport, target):
    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("echo out; sleep 30", 30), Limited(0))
        with pytest.raises(OutputLimit):
            await running.wait()

        with pytest.raises(RuntimeError):
            await connection.start(Command("true", 10), Kept())
        assert (await running.cancel()).ended


async def test_an_error_of_the_sink_reaches_who_waits(transport, target):
    class Full(Kept):
        def stdout(self, data: bytes) -> None:
            raise OSError(28, "No space left on device")

    async with await transport.connect(target.endpoint, target.login, target.pinned) as connection:
        running = await connection.start(Command("echo out", 10), Full())

        with pytest.raises(OSError, match="No space"):
            await running.wait()
        await running.cancel()


async def test_the_products_own_server_behaves_like_sshd(transport):
    async with running_sshd(built_in=True) as [target]:
        end, kept = await run(
            transport, target, "cat; echo $OPSCONDUCTOR_DEMO_TARGET >&2; exit 4", stdin=b"in"
        )
        died, _ = await run(transport, target, "kill -TERM $$")

    assert (end, kept.out, kept.err) == (Exit(4, None, clean=True), b"in", b"target-1\n")
    assert died == Exit(None, "TERM", clean=True)


def test_targets_can_also_be_had_without_an_event_loop():
    with running_sshd_in_a_thread(2) as targets:
        assert [one.name for one in targets] == ["target-1", "target-2"]


def _memory() -> int:
    """Bytes of memory this process uses."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

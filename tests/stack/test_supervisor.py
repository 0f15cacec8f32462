"""The supervisor, on real processes."""

import asyncio
import itertools
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest
from tests.stack.conftest import READY, STAY, Programs, code

from opsconductor.stack.problems import StackProblem
from opsconductor.stack.services import Service, State
from opsconductor.stack.supervisor import Supervisor


@asynccontextmanager
async def supervised(programs: Programs, *services: Service) -> AsyncIterator[Supervisor]:
    supervisor = Supervisor(services, programs.logs, programs.record)
    try:
        await supervisor.start()
        yield supervisor
    finally:
        await supervisor.stop()


async def until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.02)


def alive(pid: int | None) -> bool:
    assert pid is not None
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


async def test_start_returns_once_everything_works(programs):
    async with supervised(programs, programs.staying("one"), programs.staying("two")) as supervisor:
        assert supervisor.all_up


async def test_a_service_starts_only_after_those_it_needs(programs):
    first = programs.running(code("time.sleep(.4)", READY, STAY), "first")
    seen, ready = programs.home / "seen", programs.home / "first.ready"
    look = f"pathlib.Path({str(seen)!r}).write_text(str(pathlib.Path({str(ready)!r}).exists()))"
    second = programs.running(code(look, READY, STAY), "second", after=["first"])
    async with supervised(programs, second, first):
        assert seen.read_text() == "True"


async def test_a_crashed_service_is_started_again(programs):
    async with supervised(programs, programs.staying()) as supervisor:
        standing = supervisor.standings["stays"]
        before = standing.pid
        os.kill(before, signal.SIGKILL)
        await until(lambda: standing.pid != before and standing.state is State.READY)
        assert standing.restarts == 1


async def test_crash_after_crash_the_pause_grows(programs):
    program = code(READY, "time.sleep(.2)", "sys.exit(3)")
    starts: list[float] = []
    supervisor = Supervisor([programs.running(program)], programs.logs, programs.record)
    supervisor.watch(lambda _, now: starts.append(time.monotonic()) if now.state is State.STARTING else None)
    try:
        await supervisor.start()
        await until(lambda: len(starts) >= 4)
    finally:
        await supervisor.stop()
    pauses = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert pauses[2] > pauses[1] > pauses[0]


async def test_a_service_that_never_works_keeps_the_stack_from_starting_and_says_why(programs):
    broken = programs.running("print('the disk is on fire'); raise SystemExit(7)", "broken")
    with pytest.raises(
        StackProblem, match=r"broken does not start \(exit status 7\)[^$]*the disk is on fire"
    ):
        async with supervised(programs, programs.staying(), broken):
            pass


async def test_a_failed_start_leaves_nothing_running(programs):
    broken = programs.running("raise SystemExit(7)", "broken")
    supervisor = Supervisor([programs.staying(), broken], programs.logs, programs.record)
    pids: set[int] = set()
    supervisor.watch(lambda _, now: pids.add(now.pid) if now.pid else None)
    with pytest.raises(StackProblem):
        await supervisor.start()
    assert pids
    assert not [pid for pid in pids if alive(pid)]


async def test_a_program_that_runs_once_is_done_before_what_needs_it_starts(programs):
    once = programs.running("print('migrated')", "once", lasting=False)
    async with supervised(programs, once, programs.staying(after=["once"])) as supervisor:
        assert supervisor.standings["once"].state is State.DONE


async def test_a_failed_program_that_runs_once_is_not_tried_again(programs):
    count = programs.home / "count"
    program = code(f"pathlib.Path({str(count)!r}).open('a').write('x')", "sys.exit(1)")
    with pytest.raises(StackProblem):
        async with supervised(programs, programs.running(program, "once", lasting=False)):
            pass
    assert count.read_text() == "x"


async def test_what_ignores_the_signal_is_killed(programs):
    program = code("signal.signal(signal.SIGTERM, signal.SIG_IGN)", READY, STAY)
    async with supervised(programs, programs.running(program, stop_seconds=0.3)) as supervisor:
        pid = supervisor.standings["runs"].pid
    assert not alive(pid)


async def test_services_stop_before_those_they_need(programs):
    supervisor = Supervisor(
        [programs.staying("base"), programs.staying("top", after=["base"])], programs.logs, programs.record
    )
    stopped: list[str] = []
    supervisor.watch(
        lambda service, now: stopped.append(service.name) if now.state is State.STOPPED else None
    )
    await supervisor.start()
    await supervisor.stop()
    assert stopped == ["top", "base"]


async def test_a_restart_that_was_asked_for_comes_at_once(programs):
    async with supervised(programs, programs.staying()) as supervisor:
        standing = supervisor.standings["stays"]
        before = standing.pid
        await supervisor.restart("stays")
        await until(lambda: standing.pid != before and standing.state is State.READY, 2)


async def test_a_restart_that_was_asked_for_does_not_wait_for_a_long_pause(programs, monkeypatch):
    monkeypatch.setattr("opsconductor.stack.supervisor.FIRST_PAUSE", 60)
    async with supervised(programs, programs.staying()) as supervisor:
        standing = supervisor.standings["stays"]
        os.kill(standing.pid, signal.SIGKILL)
        await until(lambda: standing.state is State.RESTARTING)
        await supervisor.restart("stays")
        await until(lambda: standing.state is State.READY, 5)


async def test_what_runs_once_is_not_restarted(programs):
    once = programs.running("print('migrated')", "once", lasting=False)
    async with supervised(programs, once) as supervisor:
        with pytest.raises(StackProblem, match="once runs once"):
            await supervisor.restart("once")


async def test_a_service_sees_nothing_of_our_environment(programs, monkeypatch):
    monkeypatch.setenv("SECRET_OF_THE_SHELL", "x")
    program = code("print(sorted(os.environ), flush=True)", READY, STAY)
    async with supervised(programs, programs.running(program, environment={"GIVEN": "1"})):
        await until(lambda: "GIVEN" in (programs.logs / "runs.log").read_text())
    assert "SECRET_OF_THE_SHELL" not in (programs.logs / "runs.log").read_text()


async def test_a_secret_given_on_stdin_arrives(programs):
    told = programs.home / "told"
    program = code(f"pathlib.Path({str(told)!r}).write_text(sys.stdin.readline())", READY, STAY)
    async with supervised(programs, programs.running(program, stdin=b"told you\n")):
        assert told.read_text() == "told you\n"


async def test_what_a_service_says_goes_to_its_log(programs):
    async with supervised(programs, programs.staying()):
        await until(lambda: "here" in (programs.logs / "stays.log").read_text())


async def test_services_that_wait_for_each_other_are_refused(programs):
    supervisor = Supervisor(
        [programs.staying("a", after=["b"]), programs.staying("b", after=["a"])],
        programs.logs,
        programs.record,
    )
    with pytest.raises(StackProblem, match="wait for each other"):
        await supervisor.start()


async def test_a_service_added_later_is_looked_after_too(programs):
    async with supervised(programs, programs.staying()) as supervisor:
        await supervisor.add(programs.staying("later"))
        pid = supervisor.standings["later"].pid
        assert alive(pid)
    assert not alive(pid)


async def test_the_record_of_processes_is_gone_after_an_orderly_stop(programs):
    async with supervised(programs, programs.staying()):
        assert programs.record.exists()
    assert not Path(programs.record).exists()

"""What programs cost: their whole family counts, and nothing goes on without us."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
from bench.spent import cpu, forget_peak, peak, run

BURN = "import time\nwhile time.process_time() < 0.3: pass"
OURS = """
import signal
from bench.spent import run
signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts tests in the background has it ignored
run(['sh', '-c', 'sleep 60; true'])
"""
PROJECT = Path(__file__).parents[2]
HOLD = "import sys, time; block = bytearray(60_000_000); print(flush=True); del block; sys.stdin.read()"


def test_cpu_of_a_program_is_that_of_all_it_waited_for() -> None:
    found = run(["sh", "-c", f"'{sys.executable}' -c '{BURN}'; echo done; exit 3"])

    assert found.cpu >= 0.3
    assert found.seconds >= 0.3
    assert (found.status, found.output) == (3, "done\n")


def test_cpu_of_a_process_counts_what_ran_below_it_and_has_ended() -> None:
    before = cpu(os.getpid())
    run([sys.executable, "-c", BURN])

    assert cpu(os.getpid()) - before >= 0.28  # the system tells in steps of 10 ms


def test_a_peak_of_memory_is_remembered_until_it_is_told_to_be_forgotten() -> None:
    with psutil.Popen([sys.executable, "-c", HOLD], stdin=-1, stdout=-1) as process:
        process.stdout.readline()
        time.sleep(0.1)  # until the block is given back
        at_first = peak(process.pid)
        forget_peak(process.pid)
        later = peak(process.pid)
        process.stdin.close()

    assert at_first > 60
    assert later < at_first - 40


def test_a_program_is_ended_when_we_are_told_to_stop() -> None:
    with psutil.Popen([sys.executable, "-c", OURS], cwd=PROJECT, stderr=subprocess.PIPE) as ours:
        begun = _sleeper_below(ours)
        ours.send_signal(signal.SIGINT)
        _, said = ours.communicate(timeout=20)

    assert b"KeyboardInterrupt" in said
    with contextlib.suppress(psutil.NoSuchProcess):  # whoever took it over may not have seen its end yet
        assert begun.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD) or begun.wait(10) is None


def _sleeper_below(ours: psutil.Popen) -> psutil.Process:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for child in ours.children(recursive=True):
            if child.name() == "sleep":
                return child
        time.sleep(0.05)
    raise AssertionError("the program was not begun")

"""What programs cost: time, CPU and memory of a process with everything below it."""

import contextlib
import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

RESET_PEAK = "5"
"""What makes Linux forget a process's largest resident size, written to its `clear_refs`."""


@dataclass(frozen=True)
class Run:
    """A program that has ended: its wall time and CPU in s, and what it wrote."""

    seconds: float
    cpu: float
    status: int
    output: str


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Run:
    """Run a program to its end. CPU is user and system time of it and of all below it that it waited for."""
    with tempfile.TemporaryFile() as output:
        began = time.perf_counter()
        process = subprocess.Popen(  # noqa: S603  # peers of a benchmark, with arguments of ours
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
        try:
            _, status, used = os.wait4(process.pid, 0)
        except BaseException:  # Ctrl-C: nothing that we started goes on without us
            _end(process.pid)
            process.wait()
            raise
        seconds = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read().decode(errors="replace")
    return Run(seconds, used.ru_utime + used.ru_stime, process.returncode, text)


def _end(pid: int) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        for each in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.terminate()


def cpu(pid: int) -> float:
    """Return the CPU in s that a process has used so far, with all that are or were below it."""
    return sum(_cpu(each) for each in _tree(pid))


def _cpu(process: psutil.Process) -> float:
    with contextlib.suppress(psutil.NoSuchProcess):
        return float(sum(process.cpu_times()[:4]))  # user and system, its own and of ended children
    return 0.0


def forget_peak(pid: int) -> None:
    """Begin anew to note the largest resident size of a process and of those below it."""
    for process in _tree(pid):
        Path(f"/proc/{process.pid}/clear_refs").write_text(RESET_PEAK)


def peak(pid: int) -> float:
    """Return the largest resident sizes of a process and of those below it, in MB (10⁶ bytes)."""
    return sum(_peak(process.pid) for process in _tree(pid))


def _peak(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM"))


def _tree(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *process.children(recursive=True)]

"""Processes that must not outlive us. Also the program that ties one to its parent."""

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

PR_SET_PDEATHSIG = 1


def tied(command: Sequence[str]) -> list[str]:
    """Return the command line that runs this command and has it ended when its parent dies (Linux only).

    A program of its own, because Python code between fork and exec is not safe in a process with threads.
    """
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def below(pid: int) -> list[int]:
    """Return all processes below this one, as far as the system tells (Linux only)."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                found += [child, *below(child)]
    return found


def end(pids: Iterable[int]) -> None:
    """Kill processes, some of which may be gone."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def _become(parent: int, command: list[str]) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() == parent:  # else it died before we asked
        os.execv(command[0], command)  # noqa: S606 - exactly this program, without a shell


if __name__ == "__main__":
    _become(int(sys.argv[1]), sys.argv[2:])

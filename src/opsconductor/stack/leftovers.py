"""What a stack that was killed left running: found by process id and start time, so that nobody else's is ended."""

import contextlib
import json
import os
import signal
import time
from pathlib import Path

PATIENCE = 3.0  # s between asking and insisting


def note(record: Path, pids: list[int]) -> None:
    """Write down which processes run now, each with when it started."""
    started = {pid: moment for pid in pids if (moment := _started(pid))}
    draft = record.with_suffix(".tmp")
    draft.write_text(json.dumps(started))
    draft.replace(record)


def end(record: Path) -> int:
    """End what is left of the last stack, and return how many processes there were."""
    try:
        noted = {int(pid): str(moment) for pid, moment in json.loads(record.read_text()).items()}
    except (OSError, ValueError, AttributeError):
        return 0
    left = [pid for pid, moment in noted.items() if _started(pid) == moment]
    for pid in left:
        _signal(pid, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE
    while any(_started(pid) == noted[pid] for pid in left) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        if _started(pid) == noted[pid]:
            _signal(pid, signal.SIGKILL)
    record.unlink(missing_ok=True)
    return len(left)


def is_running(pid: int) -> bool:
    """Tell whether there is a process with this id that has not ended."""
    if not Path("/proc/self").exists():  # not Linux
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 0)
            return True
        return False
    return _started(pid) is not None


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)  # each service leads a group of its own


def _started(pid: int) -> str | None:
    """Return when a process started, in the kernel's ticks (Linux only); None where it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]

"""One stack per data folder, and one start at a time: locks that end with their holder, however it ends."""

import asyncio
import fcntl
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

from opsconductor.stack.problems import StackProblem


def hold(path: Path) -> IO[str]:
    """Take the lock and return it; it is held until closed. Raises StackProblem where another stack has it."""
    file = path.open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        holder = file.read().strip()
        file.close()
        raise StackProblem(
            f"OpsConductor already runs in this data folder (process {holder}). "
            "`./opsconductor status` shows it, `./opsconductor down` stops it; "
            "--data-dir DIR starts another one beside it."
        ) from error
    os.set_inheritable(file.fileno(), False)
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def is_held(path: Path) -> bool:
    """Tell whether a stack has the lock now."""
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


PATIENCE = 60.0  # s; whoever holds it longer does not keep others from starting
PAUSE = 0.1  # s


@asynccontextmanager
async def one_start_at_a_time() -> AsyncIterator[None]:
    """Wait until no other stack of ours is starting: two would choose the same free ports (Linux only).

    The lock is a name in the kernel's table of sockets: no file to leave behind, and none to be led astray by.
    """
    with socket.socket(socket.AF_UNIX) as held:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + (PATIENCE if sys.platform == "linux" else 0)
        while loop.time() < deadline:
            try:
                held.bind(f"\0opsconductor-start-{os.getuid()}")
                break
            except OSError:
                await asyncio.sleep(PAUSE)
        yield

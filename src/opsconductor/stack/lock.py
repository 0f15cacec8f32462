"""One stack per data folder: a lock that ends with its holder, however it ends."""

import fcntl
import os
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

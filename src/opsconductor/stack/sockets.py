"""Unix sockets at any depth of folders: an address has room for 107 bytes only."""

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

PATH_LIMIT = 100  # bytes
WAITING = 1024  # connections that nobody has taken yet


@contextlib.contextmanager
def near(path: Path) -> Iterator[str]:
    """Yield a name of a socket that is short enough, by way of its folder's descriptor if need be."""
    if len(os.fsencode(path)) < PATH_LIMIT:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listening(path: Path) -> socket.socket:
    """Return a socket that listens there, in place of what was left. Whoever reaches its folder can connect to it."""
    path.unlink(missing_ok=True)
    found = socket.socket(socket.AF_UNIX)
    try:
        with near(path) as name:
            found.bind(name)
        path.chmod(0o666)
        found.listen(WAITING)
    except OSError:
        found.close()
        raise
    return found

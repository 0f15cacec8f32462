"""Free ports on the loopback interface, the same ones each time where possible."""

import json
import random
import socket
from collections.abc import Collection, Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
MEMORY = "ports.json"  # in the folder of what is only true while the stack runs
WANTED = {"public": 8080, "core": 8000, "bridge": 8001, "postgres": 15432, "valkey": 16379}
"""What each part listens on where nobody else does."""
APART = (20_000, 30_000)  # above what `choose` comes to, below what systems give to clients


def reserve(wanted: int = 0, but_not: Collection[int] = (), *, alone: bool = False) -> socket.socket:
    """Return a bound socket on the wanted port, or else on the next free one; 0: on any.

    As long as it is bound and does not listen, connections to the port are refused and no server can listen there.
    Linux would let two such sockets have the same port: `but_not` names those that are held already. One that is held
    `alone` is nobody else's, of whatever process; for ports on which nothing is ever to listen.
    """
    for port in range(wanted, wanted + 1000 if wanted else 1):
        if port in but_not:
            continue
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0 if alone else 1)
        try:
            bound.bind((LOOPBACK, port))
        except OSError:
            bound.close()
        else:
            return bound
    raise OSError(f"no free port from {wanted} on")


def port_of(bound: socket.socket) -> int:
    """Return the port a socket is bound to."""
    port: int = bound.getsockname()[1]
    return port


def choose(memory: Path, wanted: dict[str, int] | None = None) -> dict[str, int]:
    """Return a free port for each part: the wanted one, last time's, or the usual one, else the next; remember them."""
    last = remembered(memory)
    chosen: dict[str, int] = {}
    for name, port in (WANTED | last | (wanted or {})).items():
        with reserve(port, chosen.values()) as bound:
            chosen[name] = port_of(bound)
    remember(memory, chosen)
    return chosen


def apart() -> dict[str, int]:
    """Return a port for each part, far from where other stacks look: for a stack whose parts are killed."""
    first = random.randrange(*APART, len(WANTED))  # noqa: S311  # nothing to guess
    return {name: first + number for number, name in enumerate(WANTED)}


def remember(memory: Path, chosen: Mapping[str, int]) -> None:
    """Write down ports for the next start."""
    memory.write_text(json.dumps(chosen, indent=2) + "\n")


def remembered(memory: Path) -> dict[str, int]:
    """Return the ports of the last time; none where there was none, or the file is unreadable."""
    try:
        last = json.loads(memory.read_text()).items()
        return {str(name): int(port) for name, port in last if name in WANTED}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}

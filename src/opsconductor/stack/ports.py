"""Free ports on the loopback interface, the same ones each time where possible."""

import json
import socket
from pathlib import Path

LOOPBACK = "127.0.0.1"
WANTED = {"public": 8080, "core": 8000, "bridge": 8001, "nodered": 1880, "postgres": 15432, "valkey": 16379}
"""What each part listens on where nobody else does."""


def reserve(wanted: int = 0) -> socket.socket:
    """Return a bound socket on the wanted port, or else on the next free one; 0: on any.

    As long as it is bound and does not listen, connections to the port are refused and nobody takes it.
    """
    for port in range(wanted, wanted + 1000 if wanted else 1):
        bound = socket.socket()
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
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
    """Return a free port for each part: last time's, else the wanted one, else the next; remember them."""
    last = remembered(memory)
    held = {
        name: reserve(last.get(name, port)) for name, port in (WANTED | (wanted or {})).items()
    }  # all held until the last is chosen, so that no two get the same
    chosen = {name: port_of(bound) for name, bound in held.items()}
    for bound in held.values():
        bound.close()
    memory.write_text(json.dumps(chosen, indent=2) + "\n")
    return chosen


def remembered(memory: Path) -> dict[str, int]:
    """Return the ports of the last time; none where there was none, or the file is unreadable."""
    try:
        return {str(name): int(port) for name, port in json.loads(memory.read_text()).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}

"""Free ports on the loopback interface."""

import socket

LOOPBACK = "127.0.0.1"


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

"""What the fake hosts do."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from opsconductor.transports.base import Command
from opsconductor.transports.errors import TransportError


@dataclass(frozen=True, slots=True)
class Answer:
    """What one command does: takes `seconds`, writes, and ends by `exit_code` or `exit_signal`.

    Where both are None the connection is lost instead. `stubborn` commands do not end when asked to.
    """

    stdout: bytes = b""
    stderr: bytes = b""
    exit_code: int | None = 0
    exit_signal: str | None = None
    seconds: float = 0.0
    stubborn: bool = False


@dataclass(frozen=True, slots=True)
class Host:
    """How one host behaves: `latency` in seconds to log in, then an error or an answer to each command."""

    latency: float = 0.0
    error: TransportError | None = None
    answer: Callable[[Command], Answer] = lambda command: Answer(stdout=command.text.encode() + b"\n")
    host_key: str | None = None


def host_key_of(name: str) -> str:
    """Return the public key a fake host of this name shows: always the same, without another half."""
    field = b"ssh-ed25519"
    point = hashlib.sha256(name.encode()).digest()
    blob = len(field).to_bytes(4, "big") + field + len(point).to_bytes(4, "big") + point
    return f"ssh-ed25519 {base64.b64encode(blob).decode()}"

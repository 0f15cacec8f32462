"""Detached commands: they outlive the connection that started them, and can be attached to again.

An operation has a name on its target, and happens at most once under this name. Whoever takes an operation
over from somebody else comes with a higher fence; from then on the target refuses those with a lower one.
"""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from opsconductor.transports.base import Command, Connection, Running, Sink
from opsconductor.transports.detached_errors import unsupported

OUTPUT_LIMIT = 2 * 1024**3  # bytes of each stream that the target keeps; a command that writes more is ended


@dataclass(frozen=True, slots=True)
class OperationKey:
    """The name of an operation on its target, and the fence of who asks."""

    id: str
    fence: int

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}", self.id) or self.fence < 1:
            raise ValueError("an operation's name has letters, digits and hyphens, and its fence is positive")


@dataclass
class Stream:
    """What has arrived of one stream."""

    size: int = 0
    hash: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, data: bytes) -> None:
        """Count it."""
        self.size += len(data)
        self.hash.update(data)

    def is_whole(self, size: int, sha256: str) -> bool:
        """Tell whether all of it has arrived; a target without sha256sum says "-"."""
        return self.size == size and sha256 in ("-", self.hash.hexdigest())


class Received:
    """A sink that knows how far it came: with the same one, a command is attached to where it was left."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.out = Stream()
        self.err = Stream()

    def stdout(self, data: bytes) -> None:
        self.out.add(data)
        self._sink.stdout(data)

    def stderr(self, data: bytes) -> None:
        self.err.add(data)
        self._sink.stderr(data)


@runtime_checkable
class Detaching(Connection, Protocol):
    """A connection that can run detached commands."""

    async def start_detached(
        self, command: Command, received: Received, key: OperationKey, sent_ago: float | None = None
    ) -> Running:
        """Run the command unless it was started under this name; attach to it in any case.

        `sent_ago`: seconds since a request to start may have been sent for the first time (None: this is the
        first). Where the target was restarted since, what it does not know may still have run there.

        Raises `DetachedUnsupported` and `OperationSuperseded` where it certainly was not run for us, what
        `Connection.start` raises, and `ConnectionLost` where it may run: `attach` tells then.
        """
        ...

    async def attach(
        self, received: Received, key: OperationKey, seconds: float, sent_ago: float | None = None
    ) -> Running:
        """Attach to a command that was started with a timeout of `seconds`. `sent_ago` as above.

        Raises `NeverStarted` where it may be started again, with the same or a higher fence.
        """
        ...

    async def release(self, key: OperationKey) -> bool:
        """Remove what the operation has left on the target, once its result is kept elsewhere.

        False where it can't be, as the command still runs. Removing twice does no harm.
        """
        ...


def detaching(connection: Connection, host: str) -> Detaching:
    """Return the connection as one that can run detached commands. Raises `DetachedUnsupported`."""
    if not isinstance(connection, Detaching):
        raise unsupported(host, "transport")
    return connection

"""What a service is to the supervisor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from signal import SIGTERM, Signals

from opsconductor.stack.probes import Probe

LISTEN_FD = "OPSCONDUCTOR_LISTEN_FD"
"""The variable with the number of the descriptor that a service finds open and listening."""


class State(StrEnum):
    """Where a service stands."""

    WAITING = "waiting"
    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    FAILED = "failed"
    DONE = "done"
    STOPPED = "stopped"


UP = (State.READY, State.DONE)


@dataclass(frozen=True)
class Service:
    """A program to keep running, or (`once`) to run to its end before what comes after it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Everything the program gets; nothing is inherited."""
    ready: Probe | None = None
    """None for a program that runs once: it is done when it ends with 0."""
    after: Sequence[str] = ()
    stdin: bytes = b""
    """What it is told at its start, secrets above all: nobody sees them in its arguments or environment."""
    forget: Path | None = None
    """A ready file of the last time, removed before each start."""
    listen: Path | None = None
    """A Unix socket that it finds open and listening; the variable `LISTEN_FD` names its descriptor."""
    folder: Path | None = None
    """Where it is started; None: where we are."""
    wrapped: bool = False
    """Whether it runs inside a program that keeps signals to itself."""
    stop_signal: Signals = SIGTERM
    stop_seconds: float = 10
    start_seconds: float = 60

    @property
    def once(self) -> bool:
        return self.ready is None


@dataclass
class Standing:
    """How a service is doing now."""

    state: State = State.WAITING
    pid: int | None = None
    restarts: int = 0
    exit_status: int | None = None
    ready_after: float | None = None
    """s from its start to its first yes."""
    since: float = 0.0
    """Unix time of the last change of state."""

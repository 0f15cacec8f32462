"""The work of a storm: executions whose every operation leaves a mark on its target and says what only it can say."""

import hashlib
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from bench.idle_stack import IdleStack

from opsconductor.stack.fleet.target import IDENTITY

RETRIED = {429, 502, 503, 504}
"""What a client meets while the core or the database is away, and tries again with the same key."""
PATIENCE = 60.0  # s that a request may be tried again
LINES = (1, 40, 4000)
"""Lengths of outputs, by turns: one that fits into the database, one of a few hundred bytes, one with a file."""

HONEST = frozenset({"completed", "lost", "unreachable"})
"""Ends that an operation may have in a storm: done, not known, and certainly not begun."""


@dataclass
class Load:
    """Executions to be accepted, each on all targets."""

    stack: IdleStack
    notes: Path
    target_ids: list[str]
    target_names: list[str]
    mode: str = "attached"
    ends: frozenset[str] = HONEST
    """How an operation may end; without faults, only completed."""
    accepted: dict[str, int] = field(default_factory=dict)
    """The number of each execution, by id."""
    tried_again: int = 0

    def command(self, number: int) -> str:
        """Return the command of an execution: a mark, a moment, then an output that nobody else has."""
        last = number + LINES[number % len(LINES)]
        return (
            f"echo ran >> {self.notes}/{number}.${IDENTITY}; sleep 0.0{number % 8}; "
            f"echo {number} ${IDENTITY}; seq {number} {last}; echo {number} ${IDENTITY} >&2"
        )

    def expected(self, number: int, target: str) -> tuple[bytes, bytes]:
        """Return the digests of what an operation writes to its two streams."""
        last = number + LINES[number % len(LINES)]
        lines = "".join(f"{line}\n" for line in range(number, last + 1))
        said = f"{number} {target}\n"
        return hashlib.sha256((said + lines).encode()).digest(), hashlib.sha256(said.encode()).digest()

    def start(self, number: int) -> None:
        """Have an execution accepted, however often that takes."""
        key = f"storm-{uuid.uuid4()}"
        action = {"action_type": "command", "action_parameters": {"command": self.command(number)}}
        body = {
            "name": f"storm {number}",
            "actions": [action],
            "target_ids": self.target_ids,
            "mode": self.mode,
        }
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self.stack.client.post(
                    "/api/v3/executions", json=body, headers={"Idempotency-Key": key}
                )
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
            else:
                if answer.status_code not in RETRIED or time.monotonic() > deadline:
                    answer.raise_for_status()
                    self.accepted[answer.json()["id"]] = number
                    return
            self.tried_again += 1
            time.sleep(0.2)

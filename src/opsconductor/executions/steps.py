"""What is kept of each action of a result: an entry of `ExecutionResult.steps`, in the order of the actions."""

from dataclasses import dataclass, field
from typing import Any

from opsconductor.kit.clock import now

GOOD = "completed"


@dataclass(frozen=True)
class Ended:
    """How an action ended. `detail` holds what only actions of its type tell, as JSON."""

    status: str
    exit_code: int | None = None
    exit_signal: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """True where the next action may begin."""
        return self.status == GOOD

    def columns(self) -> dict[str, Any]:
        """Return what the result's row says of its end."""
        names = ("status", "exit_code", "exit_signal", "error_code", "error_message")
        return {name: getattr(self, name) for name in names}


@dataclass
class Step:
    """One action under way or over. Offsets count the bytes of the result's two streams."""

    action: int
    type: str
    name: str
    started_at: str = field(default_factory=lambda: now().isoformat())
    """By the worker's clock, as `finished_at`."""
    finished_at: str | None = None
    attempts: int = 0
    output: tuple[int, int] = (0, 0)
    error: tuple[int, int] = (0, 0)
    ended: Ended = field(default_factory=lambda: Ended("running"))

    def entry(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "action": self.action,
            "type": self.type,
            "name": self.name,
            **self.ended.columns(),
            "attempts": self.attempts,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "output": dict(zip(("start", "end"), self.output, strict=True)),
            "error": dict(zip(("start", "end"), self.error, strict=True)),
            "detail": self.ended.detail,
        }


def passed_over(action: int, type: str, name: str) -> dict[str, Any]:
    """Return the entry of an action that was not begun because an earlier one failed."""
    step = Step(action, type, name, started_at="", ended=Ended("skipped"))
    return {**step.entry(), "started_at": None}


def ended_of(entry: dict[str, Any]) -> Ended:
    """Return the end that an entry tells of."""
    return Ended(**{name: entry[name] for name in (*Ended("").columns(), "detail")})


def decisive(ends: list[Ended]) -> Ended:
    """Return the end that the whole result has: that of the first failed action, else of the last."""
    return next((end for end in ends if not end.good), ends[-1])

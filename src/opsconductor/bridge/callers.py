"""Who is behind a token, as far as the core has told: with each answer it says whose request it let through.

The bridge can't read tokens; what it has not been told, it does not guess. A request of a token it does not know yet
is counted by the token alone.
"""

import time
from dataclasses import dataclass
from typing import Self

from opsconductor.kit.callers import Caller

MOST = 10_000  # tokens remembered
REMEMBERED = 15 * 60.0  # s; what a flow's token lives


@dataclass(frozen=True, slots=True)
class Known:
    """A caller, and when the core last let one of their requests through."""

    caller: Caller
    since: float

    @classmethod
    def now(cls, caller: Caller) -> Self:
        """Return a caller whom the core has let through at this moment."""
        return cls(caller, time.monotonic())


class Callers:
    """Callers by a hash of their token and of the flow they name."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}

    def learn(self, key: str, caller: Caller) -> None:
        """Remember who asked."""
        self._known.pop(key, None)  # so that the oldest come first
        self._known[key] = Known.now(caller)
        if len(self._known) > MOST:
            del self._known[next(iter(self._known))]

    def of(self, key: str, within: float = REMEMBERED) -> Caller | None:
        """Return who it is, if the core has let a request of theirs through in the last `within` seconds."""
        known = self._known.get(key)
        if known is None or time.monotonic() - known.since > within:
            return None
        return known.caller

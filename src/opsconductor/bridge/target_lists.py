"""Lists of targets, kept for everybody who is shown the same, and forgotten as soon as a target changes."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from opsconductor.bridge.callers import Callers
from opsconductor.bridge.client import Answer
from opsconductor.bridge.core import fingerprint
from opsconductor.bridge.recent import Recent
from opsconductor.kit.live import Hints

HEARING = (
    10.0  # s a list is kept while we hear of changes: should Redis hang, we hear nothing and don't know it
)
DEAF = 2.0  # s while Redis is away
LET_THROUGH = 2.0  # s in which the core has let this token through; a revoked one sees nothing afterwards
MOST = 32  # lists; one of 10,000 targets has 3 MB

Ask = Callable[[], Coroutine[Any, Any, Answer]]
Vouch = Callable[[], Coroutine[Any, Any, object]]


class TargetLists:
    """A cache by whom the core said it is (user, flow, rights), not by token."""

    def __init__(self, callers: Callers, hints: Hints) -> None:
        self._callers = callers
        self._lists = Recent[Answer]("targets", lambda: HEARING if hints.connected else DEAF, MOST)

    async def get(self, asker: str, wanted: Mapping[str, str], ask: Ask, vouch: Vouch) -> Answer:
        """Return the targets that match; a token that the core has not let through lately, it has to `vouch` for."""
        if self._callers.of(asker, LET_THROUGH) is None:
            await vouch()
        caller = self._callers.of(asker, LET_THROUGH)
        if caller is None:  # the core took its time
            return await ask()
        key = fingerprint(str(caller), *(f"{name}={value}" for name, value in wanted.items()))
        return await self._lists.get(key, ask)

    def forget(self) -> None:
        """Forget all lists: one target can be in any of them."""
        self._lists.forget()

"""How the work goes through the targets: pure calculation of batches, limits and the longest time."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from opsconductor.contracts.actions import Action, WaitAction
from opsconductor.contracts.strategy import Amount, Strategy

T = TypeVar("T")
OVERHEAD = 60  # s beside an action's own time: connecting, signing in, storing


@dataclass(frozen=True)
class Course:
    """What a strategy means for a number of targets."""

    batches: list[int]
    """Sizes, in order."""
    max_failures: int | None
    longest_seconds: float
    """From the first start to the last end, where workers have room for all."""

    def batch_of(self, place: int) -> int:
        """Return the number of the batch that has the target at this place."""
        for number, size in enumerate(self.batches):
            if place < size:
                return number
            place -= size
        raise IndexError(place)


def course(strategy: Strategy, actions: Sequence[Action], count: int) -> Course:
    """Return what a strategy means for `count` targets."""
    batches = _batches(strategy, count)
    limit = None if strategy.max_failures is None else _number(strategy.max_failures, count)
    width = strategy.parallelism or count
    waves = sum(math.ceil(size / width) for size in batches)
    longest = waves * min(seconds_on_target(actions), strategy.target_seconds or math.inf)
    return Course(batches, limit, min(longest, strategy.deadline_seconds or math.inf))


def seconds_on_target(actions: Sequence[Action]) -> float:
    """Return how long all actions may take on one target, with all their attempts."""
    return sum(_seconds(action) for action in actions)


def in_order(strategy: Strategy, names: dict[T, str]) -> list[T]:
    """Return targets in the order they are worked on; `names` has them in the order they were asked for."""
    if strategy.order == "name":
        return sorted(names, key=lambda id: names[id].casefold())
    ids = list(names)
    if strategy.order == "random":
        random.SystemRandom().shuffle(ids)
    return ids


def _batches(strategy: Strategy, count: int) -> list[int]:
    sizes = []
    left = count
    if strategy.canary is not None:
        sizes.append(min(left, max(1, _number(strategy.canary, count))))
        left -= sizes[0]
    size = count if strategy.batch_size is None else max(1, _number(strategy.batch_size, count))
    while left > 0:
        sizes.append(min(size, left))
        left -= sizes[-1]
    return sizes


def _number(amount: Amount, count: int) -> int:
    """Return a number of targets; a share is rounded down."""
    return amount if isinstance(amount, int) else math.floor(float(amount.rstrip("%")) * count / 100)


def _seconds(action: Action) -> float:
    attempts = action.action_parameters.retry_count + 1
    again = attempts if action.action_parameters.idempotent else 1
    if isinstance(action, WaitAction) and action.action_parameters.seconds is not None:
        return action.action_parameters.seconds
    return action.action_parameters.timeout * again + OVERHEAD * attempts

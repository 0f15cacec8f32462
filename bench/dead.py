"""Targets that answer nothing, among others: what they cost those that live.

A dead target is a port whose queue of connections is full and never emptied: Linux drops what else asks for it, as a
firewall or a missing machine would.
"""

import contextlib
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any

from bench.figures import Goal, Measure, progress
from bench.idle_stack import IdleStack, completed
from bench.scenario import Scenario, Site
from opsconductor.stack.ports import LOOPBACK, port_of
from opsconductor.stack.problems import StackProblem

COMMAND = "hostname"
EVERY = 5  # one of so many is dead
ADDED = Goal("≤", 10)  # % of time


@dataclass(frozen=True)
class Taken:
    """s from the request to the last result of the living, and of all."""

    living: float
    all: float

    def __str__(self) -> str:
        return f"{self.living:.2f} s (all {self.all:.1f} s)"


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure the living alone and among the dead, by turns, every connection new."""
    with dead_ports(len(here.ids) // (EVERY - 1)) as ports:
        names = {f"dead-{number}": port for number, port in enumerate(ports)}
        dead = [here.stack.target(name, port, here.credential) for name, port in names.items()]
        here.stack.read(COMMAND, here.ids)  # host keys are known from now on
        alone, among = list[Taken](), list[Taken]()
        for number in range(rounds):
            here.stack.go_cold(here.spare)
            alone.append(_taken(here.stack, here.ids, []))
            here.stack.go_cold(here.spare)
            among.append(_taken(here.stack, here.ids, dead))
            progress(f"round {number + 1}: alone {alone[-1]}, among the dead {among[-1]}")
    with_dead, without = median(each.living for each in among), median(each.living for each in alone)
    return [
        Measure(f"{len(here.ids)} living beside {len(dead)} dead", "s", with_dead).beside(
            "without the dead", without
        ),
        Measure("what the dead add to that", "%", (with_dead / without - 1) * 100, goal=ADDED),
        Measure("until the dead are known to be", "s", median(each.all for each in among)),
    ]


@contextlib.contextmanager
def dead_ports(count: int) -> Iterator[list[int]]:
    """Hold ports that drop every connection."""
    with contextlib.ExitStack() as stack:
        yield [_dead_port(stack) for _ in range(count)]


def _dead_port(stack: contextlib.ExitStack) -> int:
    listening = stack.enter_context(socket.socket())
    listening.bind((LOOPBACK, 0))
    listening.listen(0)
    port = port_of(listening)
    stack.enter_context(socket.create_connection((LOOPBACK, port), timeout=5))  # the only place in its queue
    return port


def _taken(stack: IdleStack, living: Sequence[str], dead: Sequence[str]) -> Taken:
    ended = stack.run(COMMAND, _mixed(living, dead))
    results = stack.results(ended["id"])
    lived = completed([each for each in results if each["target_id"] in set(living)])
    died = [each for each in results if each["target_id"] in set(dead)]
    if (len(lived), len(died)) != (len(living), len(dead)) or any(d["status"] != "unreachable" for d in died):
        raise StackProblem(f"Unexpected ends: {ended['counts']}")
    return Taken(_last(ended, lived), _last(ended, results))


def _mixed(living: Sequence[str], dead: Sequence[str]) -> list[str]:
    """Spread the dead evenly among the living."""
    left, mixed = list(dead), list[str]()
    for number, each in enumerate(living, 1):
        mixed.append(each)
        if left and number % (EVERY - 1) == 0:
            mixed.append(left.pop())
    return mixed + left


def _last(execution: dict[str, Any], results: list[dict[str, Any]]) -> float:
    created = datetime.fromisoformat(execution["created_at"])
    return max((datetime.fromisoformat(each["finished_at"]) - created).total_seconds() for each in results)


SCENARIO = Scenario(
    f"`{COMMAND}`, one target of {EVERY} drops every packet, all connections new, medians of the rounds",
    targets=400,
    rounds=2,
    measure=measure,
)

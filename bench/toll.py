"""What an operation costs the controller while the whole product does it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.idle_stack import IdleStack
from bench.spent import cpu

PRODUCT = ("core", "worker")
"""The processes that accept, claim, run, store and answer: our own share of what an operation costs."""
SERVERS = ("postgres", "valkey", "nginx")
"""What the product calls upon for an operation."""


@dataclass(frozen=True)
class Toll:
    """Wall time in s, and CPU in s by service."""

    seconds: float
    cpu: Mapping[str, float]

    @property
    def product(self) -> float:
        return sum(self.cpu[name] for name in PRODUCT)

    @property
    def with_servers(self) -> float:
        return sum(self.cpu.values())

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {spent:.2f} s" for name, spent in self.cpu.items())
        return f"{self.seconds:.2f} s, CPU of {shares}"


def toll(stack: IdleStack, deed: Callable[[], object]) -> Toll:
    """Do something, and return what it cost."""
    running = stack.services()  # without servers that were given by DATABASE_URL or REDIS_URL
    pids = {name: running[name] for name in (*PRODUCT, *SERVERS) if name in running}
    before = {name: cpu(pid) for name, pid in pids.items()}
    began = time.perf_counter()
    deed()
    seconds = time.perf_counter() - began
    return Toll(seconds, {name: cpu(pid) - before[name] for name, pid in pids.items()})

"""What an operation costs the controller while the whole product does it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.idle_stack import PRODUCT, IdleStack
from bench.spent import cpu

SERVERS = ("postgres", "valkey", "nginx")
"""What the product calls upon for an operation."""


@dataclass(frozen=True)
class Toll:
    """Wall time in s, and CPU in s: of `core` and `worker`, and with the servers they call upon."""

    seconds: float
    product: float
    servers: float

    @property
    def with_servers(self) -> float:
        return self.product + self.servers

    def __str__(self) -> str:
        return f"{self.seconds:.2f} s, CPU {self.product:.2f} s (servers {self.servers:.2f} s)"


def toll(stack: IdleStack, deed: Callable[[], object]) -> Toll:
    """Do something, and return what it cost."""
    services = stack.services()
    ours = [services[name] for name in PRODUCT]
    others = [
        services[name] for name in SERVERS if name in services
    ]  # not those by DATABASE_URL or REDIS_URL
    product, servers, began = cpu(ours), cpu(others), time.perf_counter()
    deed()
    seconds = time.perf_counter() - began
    return Toll(seconds, cpu(ours) - product, cpu(others) - servers)

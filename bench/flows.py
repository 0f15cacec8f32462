"""Runs of a benchmark's flows in the stack's own Node-RED: started, and what became of them."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.canvas import AT_ONCE, TABS, Node
from bench.idle_stack import SIGN_IN, IdleStack
from opsconductor.apps.cli.client import checked
from opsconductor.stack.problems import StackProblem

CALLERS = 50  # requests at once that start runs
PATIENCE = 180.0  # s until all runs have ended
LOOK_EVERY = 1.0  # s; each look passes the gate of hooks, at the cost of what is measured


@dataclass(frozen=True)
class Ended:
    """A run whose message has left the executor. Times are ms since 1970: asked for, begun on the target, left."""

    execution: str
    asked: float
    began: float
    left: float

    @property
    def start(self) -> float:
        """Return the ms from the request to the command running."""
        return self.began - self.asked


@dataclass(frozen=True)
class Runs:
    """What became of runs that were started at once, and what went wrong."""

    ended: Sequence[Ended]
    errors: Sequence[str]


def deploy(stack: IdleStack, nodes: list[Node]) -> None:
    """Deploy flows, and protect their hooks."""
    put(stack, nodes)
    stack.protect_hooks()


def put(stack: IdleStack, nodes: list[Node]) -> None:
    """Deploy flows as an administrator in a browser does."""
    with httpx.Client(base_url=stack.client.base_url, timeout=60) as browser:
        checked(browser.post("/api/v3/auth/login", json=SIGN_IN))
        headers = {"Node-RED-API-Version": "v2"}
        answer = browser.post("/nodered/flows", json={"flows": nodes}, headers=headers)
    if not answer.is_success:
        raise StackProblem(f"Node-RED did not take the flows of the benchmark: {answer.text[:300]}")


def run(stack: IdleStack, count: int, command: str) -> Runs:
    """Start so many runs at once; return what became of them once all have ended."""
    begin(stack, count, command)
    return collected(stack, count, command)


def begin(stack: IdleStack, count: int, command: str) -> None:
    """Start so many runs at once; each is taken before it has done anything."""
    asyncio.run(_begin(stack, count, command))


async def _begin(stack: IdleStack, count: int, command: str) -> None:
    callers = asyncio.Semaphore(CALLERS)
    async with httpx.AsyncClient(base_url=stack.client.base_url, timeout=60) as client:

        async def start(number: int) -> None:
            async with callers:
                query = {"t0": f"{time.time() * 1000:.3f}", "command": command}
                path = f"/bench/{number // AT_ONCE % TABS}"
                answer = await client.post(f"/hooks{path}", params=query, headers=stack.by_token(path))
                answer.raise_for_status()

        await asyncio.gather(*(start(number) for number in range(count)))


def collected(stack: IdleStack, count: int, command: str) -> Runs:
    """Return what became of the runs of a command once so many have ended, and forget it."""
    _wait(stack, count, command, PATIENCE)
    told = _told(stack, "told", command)
    left = [Ended(each["id"], each["t0"], int(each["began"]) / 1e6, each["left"]) for each in told["ended"]]
    caught = [each["message"] for each in told["caught"]]
    missing = ["A message never left the node."] * (count - len(left) - len(caught))
    return Runs(left, [*caught, *missing])


def _wait(stack: IdleStack, count: int, command: str, patience: float) -> None:
    deadline = time.monotonic() + patience
    while ended(stack, command) < count and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)


def ended(stack: IdleStack, command: str) -> int:
    """Return how many runs of a command have ended."""
    return int(_told(stack, "counted", command)["count"])


def noted(stack: IdleStack, command: str, patience: float = PATIENCE) -> list[dict[str, Any]]:
    """Return what was noted of a run once it has ended, and forget it. Raises StackProblem if it failed."""
    _wait(stack, 1, command, patience)
    told = _told(stack, "told", command)
    if told["caught"]:
        raise StackProblem(f"A run failed: {told['caught'][0]['message']}")
    return list(told["ended"])


def _told(stack: IdleStack, what: str, command: str) -> dict[str, Any]:
    path = f"/bench-{what}"
    answer = stack.client.get(f"/hooks{path}", params={"command": command}, headers=stack.by_token(path))
    return dict(answer.raise_for_status().json())

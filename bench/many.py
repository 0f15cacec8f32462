"""One message about 10,000 targets through a flow: selector, command executor, and what comes after it.

The worker has the fake transport: measured is what the flow adds to the same execution, and what it does to Node-RED.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench import canvas, flows
from bench.figures import Goal, Measure, progress
from bench.idle_stack import command_action, completed
from bench.scenario import Scenario, Site
from bench.spent import forget_peak, peak
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.stack.problems import StackProblem

ENVIRONMENT = "staging"  # where faked.copies puts them
COMMAND = "true"
LOOK_EVERY = 0.1  # s
PATIENCE = 600.0  # s
TOLL, SIZE, MEMORY = Goal("<", 10), Goal("<", 20), Goal("<", 512)  # s; MB; MB


@dataclass(frozen=True)
class Took:
    """What a round took: s until it was done, and ms of the longest answer of Node-RED meanwhile."""

    seconds: float
    pause: float


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure the flow beside the API alone, in so many rounds of each; the median of the times counts."""
    work = {"type": canvas.EXECUTOR, "command": "command", "maxInFlight": 1, **canvas.RUNS_WHAT_IT_IS_TOLD}
    work["timeout"] = PATIENCE
    flows.deploy(here.stack, [*canvas.tab(0, ENVIRONMENT, work, canvas.NOTE_SIZE), *canvas.telling()])
    here.stack.run(COMMAND, here.ids)  # what is done once only
    alone, through, sizes = list[Took](), list[Took](), list[float]()
    node_red = here.stack.services()["nodered"]
    forget_peak(node_red)
    for number in range(rounds):
        progress(f"{len(here.ids)} targets, round {number + 1} of {rounds} ...")
        alone.append(_alone(here))
        took, size = _through_the_flow(here, f"{COMMAND} # {number}")
        through.append(took)
        sizes.append(size)
    mine, theirs = _median(through), _median(alone)
    peer, what = "the API alone", f"{len(here.ids)} targets in one message"
    pauses = [max(took.pause for took in some) for some in (through, alone)]
    return [
        Measure(f"{what}: request to the message leaving the node", "s", mine, peer, theirs),
        Measure(f"{what}: what the flow adds", "s", mine - theirs, goal=TOLL),
        Measure(f"{what}: its size", "MB", max(sizes), goal=SIZE),
        Measure(f"{what}: longest answer of Node-RED meanwhile", "ms", pauses[0], peer, pauses[1]),
        Measure(f"{what}: largest memory of Node-RED", "MB", peak(node_red), goal=MEMORY),
    ]


def _median(found: Sequence[Took]) -> float:
    return sorted(took.seconds for took in found)[len(found) // 2]


def _alone(here: Site) -> Took:
    """Run the same without a flow, from the request until it has ended."""
    began = time.perf_counter()
    execution = here.stack.begin(command_action(COMMAND), here.ids)
    path = f"/executions/{execution}"
    pause = _until(lambda: here.stack.call("GET", path)["status"] in TERMINAL, here)
    seconds = time.perf_counter() - began
    completed(here.stack.results(execution))
    return Took(seconds, pause)


def _through_the_flow(here: Site, command: str) -> tuple[Took, float]:
    """Run a command by the flow, from the request to the message; return how large it is in MB, too."""
    flows.begin(here.stack, 1, command)
    pause = _until(lambda: flows.ended(here.stack, command) > 0, here)
    [left] = flows.noted(here.stack, command)
    if left["results"] != len(here.ids):
        raise StackProblem(f"The message has {left['results']} results instead of {len(here.ids)}.")
    completed(here.stack.results(left["id"]))
    return Took((left["left"] - left["t0"]) / 1000, pause), left["bytes"] / 1e6


def _until(done: Callable[[], bool], here: Site) -> float:
    """Wait for it; return the ms of the longest answer of Node-RED meanwhile."""
    longest, deadline = 0.0, time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            raise StackProblem(f"It was not done within {PATIENCE:.0f} s.")
        began = time.perf_counter()
        flows.ended(here.stack, COMMAND)
        longest = max(longest, (time.perf_counter() - began) * 1000)
        time.sleep(LOOK_EVERY)
    return longest


SCENARIO = Scenario("one message about 10,000 targets", targets=10_000, rounds=3, measure=measure, fake=True)

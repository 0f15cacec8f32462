"""Health checks of 1,000 targets by a flow, once each minute or more; the targets are ports of real sshd."""

from typing import Any

from bench import canvas, flows
from bench.figures import Goal, Measure, progress
from bench.peers import FORKS, median
from bench.scenario import Scenario, Site
from bench.spent import cpu, peak
from opsconductor.stack.problems import StackProblem

CHECKS = {"diskWarning": "99.5", "diskCritical": "100", "memoryWarning": "99.5", "memoryCritical": "100"}
"""Thresholds in % that a machine which still can measure is below."""
WORK: dict[str, Any] = {
    "type": "opsconductor-health-check",
    "version": 1,
    "timeout": 60,
    "retryCount": 0,
    "maxInFlight": 1,
    "continueOnFailure": False,
    "outputFormat": "checks",
    **CHECKS,
}
STATES = 3
COMMAND = "cat /proc/meminfo /proc/loadavg; df -P /"
"""What a peer asks for the same facts."""
PATIENCE = 300.0  # s
MINUTE = Goal("<", 60)  # s


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure first contact, and then so many rounds more."""
    environment = str(here.stack.call("GET", f"/targets/{here.ids[0]}")["environment"])
    flows.deploy(here.stack, [*canvas.tab(0, environment, WORK, canvas.NOTE_SIZE, STATES), *canvas.telling()])
    count = len(here.ids) + 1  # the spare one is like the others
    worker = here.stack.services()["worker"]
    seconds, used = list[float](), list[float]()
    for number in range(rounds + 1):
        progress(f"{count} targets, round {number} of {rounds} ...")
        before = cpu(worker)
        seconds.append(_round(here, f"health {number}", count))
        used.append((cpu(worker) - before) * 1000 / count)
    peers = here.peers()
    theirs = {
        f"parallel-ssh, pool of {FORKS}": peers.parallel_ssh(COMMAND),
        f"Ansible raw -f {FORKS}": peers.ansible(COMMAND),
    }
    what = f"health of {count} targets"
    first = Measure(f"{what}, first contact", "s", seconds[0])
    return [
        first.aiming_at(MINUTE),
        *(first.beside(name, median([found], lambda run: run.seconds)) for name, found in theirs.items()),
        Measure(f"{what}, slowest later round", "s", max(seconds[1:]), goal=MINUTE),
        Measure("CPU of the worker per check, later rounds", "ms", sum(used[1:]) / rounds),
        Measure("largest memory of the worker", "MB", peak(worker)),
    ]


def _round(here: Site, name: str, count: int) -> float:
    """Return the s from the request to the message with the health of all."""
    flows.begin(here.stack, 1, name)
    found = flows.noted(here.stack, name, PATIENCE)
    if not found:
        raise StackProblem("The health of the targets was never told.")
    if len(found) != 1 or found[0]["results"] != count:
        states = [left["results"] for left in found]
        raise StackProblem(f"Not all {count} targets are healthy; they left by several outputs: {states}.")
    return float(found[0]["left"] - found[0]["t0"]) / 1000


SCENARIO = Scenario("health of 1,000 targets by a flow", targets=1000, rounds=3, measure=measure)

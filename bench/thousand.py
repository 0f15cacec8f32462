"""One command on each of 1,000 targets that were never contacted before: through the API, until all results are read.

The targets are ports of real sshd, 16 each. Each answers with the port it was asked on, and it must be the right one.
"""

import time

from bench.figures import Goal, Measure, progress
from bench.peers import FORKS, median
from bench.scenario import Scenario, Site
from bench.spent import peak
from opsconductor.stack.problems import StackProblem

COMMAND = "echo ${SSH_CONNECTION##* }"  # the port that was connected to
SECONDS, MEMORY = Goal("<", 20), Goal("<", 512)  # s; MB


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure first contact, which there is once, in whatever number of rounds."""
    progress(f"{len(here.ids)} targets ...")
    seconds = _ours(here)
    memory = peak(here.stack.services()["worker"])
    progress(f"OpsConductor: {seconds:.1f} s, worker {memory:.0f} MB")
    peers = here.peers()
    theirs = {
        f"parallel-ssh, pool of {FORKS}": peers.parallel_ssh(COMMAND),
        f"pyinfra --parallel {FORKS}": peers.pyinfra(COMMAND),
        f"Ansible raw -f {FORKS}": peers.ansible(COMMAND),
    }
    wall = Measure(f"{len(here.ids)} targets, first contact", "s", seconds)
    return [
        wall.aiming_at(SECONDS),
        *(wall.beside(name, median([found], lambda run: run.seconds)) for name, found in theirs.items()),
        Measure("largest memory of the worker", "MB", memory, goal=MEMORY),
    ]


def _ours(here: Site) -> float:
    began = time.perf_counter()
    results = here.stack.read(COMMAND, here.ids)
    seconds = time.perf_counter() - began
    said = {result["target_name"]: result["output_text"].strip() for result in results}
    if said != {spec.name: str(spec.port) for spec in here.specs}:
        raise StackProblem("Results are missing, or are those of other targets.")
    return seconds


SCENARIO = Scenario("one command on each, stored and read", targets=1000, rounds=1, measure=measure)

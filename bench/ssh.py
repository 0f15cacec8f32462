"""`hostname` on 100 targets, every connection new: through the whole product, beside its peers in the same rounds.

CPU is of the controller: user and system time of `core` and `worker` from the request to the last result read, and the
same with what they call upon (PostgreSQL, Valkey, nginx). Of a peer it is all its processes. What sshd and the
commands cost on the targets counts for nobody.
"""

import statistics
from collections.abc import Callable

from bench.figures import Goal, Measure, progress
from bench.peers import FORKS, Found, Peers, median
from bench.scenario import Scenario, Site
from bench.spent import Run
from bench.toll import Toll, toll

COMMAND = "hostname"
CPU = Goal("≤", 5)  # ms for an operation
TIMES_LESS_CPU = Goal("≥", 30, "ratio")
TIMES_FASTER = Goal("≥", 5, "ratio")
ANSIBLE = f"Ansible raw -f {FORKS}"


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure in rounds, in which all take turns, so that they see the same machine."""
    peers = here.peers()
    here.stack.read(COMMAND, here.ids)  # host keys are known from now on
    ours, theirs = list[Toll](), {name: list[Found]() for name in _ways(peers)}
    for number in range(rounds):
        here.stack.go_cold(here.spare)
        ours.append(toll(here.stack, lambda: here.stack.read(COMMAND, here.ids)))
        progress(f"round {number + 1}: OpsConductor {ours[-1]}")
        for name, way in _ways(peers).items():
            found = way()
            theirs[name].append(found)
            progress(f"round {number + 1}: {name} {_told(found)}")
    return _rows(ours, theirs, len(here.ids))


def _ways(peers: Peers) -> dict[str, Callable[[], Found]]:
    return {
        ANSIBLE: lambda: peers.ansible(COMMAND),
        f"{ANSIBLE}, our key exchange": lambda: peers.ansible(COMMAND, sparing=True),
        f"pyinfra --parallel {FORKS}": lambda: peers.pyinfra(COMMAND),
        f"parallel-ssh, pool of {FORKS}": lambda: peers.parallel_ssh(COMMAND),
        f"clush -f {FORKS}": lambda: peers.clush(COMMAND),
        f"ssh by xargs -P {FORKS}": lambda: peers.ssh(COMMAND),
        f"ssh by xargs -P {FORKS}, our key exchange": lambda: peers.ssh(COMMAND, sparing=True),
    }


def _rows(ours: list[Toll], theirs: dict[str, list[Found]], targets: int) -> list[Measure]:
    def for_one(cpu: float) -> float:
        return cpu * 1000 / targets

    cpu = Measure("CPU for an operation", "ms", for_one(statistics.median(each.product for each in ours)))
    whole = statistics.median(each.with_servers for each in ours)
    wall = Measure(f"all {targets} targets", "s", statistics.median(each.seconds for each in ours))
    return [
        cpu.aiming_at(CPU),
        Measure("the same with PostgreSQL, Valkey and nginx", "ms", for_one(whole)),
        *(
            cpu.beside(
                name, median(found, lambda run: for_one(run.cpu)), TIMES_LESS_CPU if name == ANSIBLE else None
            )
            for name, found in theirs.items()
        ),
        *(
            wall.beside(
                name, median(found, lambda run: run.seconds), TIMES_FASTER if name == ANSIBLE else None
            )
            for name, found in theirs.items()
        ),
    ]


def _told(found: Found) -> str:
    return f"{found.seconds:.2f} s, CPU {found.cpu:.2f} s" if isinstance(found, Run) else found.why


SCENARIO = Scenario(
    f"`{COMMAND}`, all connections new, medians of the rounds", targets=100, rounds=3, measure=measure
)

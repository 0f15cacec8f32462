"""How long a person waits: from an HTTP POST to the command running on its target, and from its end to knowing of it.

The command prints the clock of the machine it runs on, which here is ours. Connections are kept warm, as by default.
The peer is OpenSSH's own client, started afresh for the same target and command.
"""

import time
from collections.abc import Sequence

from bench.figures import Goal, Measure, Missing, progress, rank
from bench.idle_stack import IdleStack, command_action, completed
from bench.scenario import Scenario, Site
from bench.spent import run

WARM_UP = 5
PAUSE = 0.05  # s between rounds: idle, not saturated
CLOCK = "date +%s%N"
BUSY = "while [ -e {} ]; do date; sleep 0.5; done"
"""What the other executions do: they write something all the time, until a file is gone."""
BUSY_LIMIT = 3600  # s; a slow machine needs minutes for its rounds
SEVERAL = 10
"""Targets of the executions whose last result is waited for."""
IDLE, CROWDED, SETTLED = Goal("<", 100), Goal("<", 500), Goal("<", 500)  # ms


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure on an idle stack, and while as many other executions run as there are targets."""
    progress(f"{rounds} rounds on an idle stack ...")
    idle = _starts(here, rounds)
    ssh = _ssh(here, rounds)
    several = here.ids[:SEVERAL]
    progress(f"{rounds} rounds for the last result of {len(several)} ...")
    settled = [_settled(here.stack, several) for _ in range(WARM_UP + rounds)][WARM_UP:]
    progress(f"{rounds} rounds while {len(here.ids)} other executions run ...")
    crowded = _crowded(here, rounds)
    starts = "from POST to the command running"
    rows = [
        Measure(f"{starts}, idle, p{percent}", "ms", rank(idle, percent), goal=goal).beside(
            "ssh, from its start", ssh if isinstance(ssh, Missing) else rank(ssh, percent), goal
        )
        for percent, goal in ((50, None), (95, IDLE))
    ]
    return [
        *rows,
        Measure(
            f"{starts}, {len(here.ids)} other executions running, p95", "ms", rank(crowded, 95), goal=CROWDED
        ),
        Measure(
            "from the last command's end to the terminal status, p99", "ms", rank(settled, 99), goal=SETTLED
        ),
    ]


def _starts(here: Site, rounds: int) -> list[float]:
    return [_start(here.stack, here.spare) for _ in range(WARM_UP + rounds)][WARM_UP:]


def _start(stack: IdleStack, target: str) -> float:
    time.sleep(PAUSE)
    began = time.time_ns()
    [result] = stack.read(CLOCK, [target])
    return (int(result["output_text"]) - began) / 1e6


def _settled(stack: IdleStack, targets: Sequence[str]) -> float:
    """Return the ms from the last command's end until a client that waits has the answer."""
    time.sleep(PAUSE)
    execution = stack.run(CLOCK, targets)
    known = time.time_ns()
    ends = [int(result["output_text"]) for result in completed(stack.results(execution["id"]))]
    return (known - max(ends)) / 1e6


def _crowded(here: Site, rounds: int) -> list[float]:
    busy = here.home / "busy"
    busy.touch()
    action = command_action(BUSY.format(busy), timeout=BUSY_LIMIT)
    running = [here.stack.begin(action, [other]) for other in here.ids]
    while any(not here.stack.call("GET", f"/executions/{id}")["counts"].get("running") for id in running):
        time.sleep(PAUSE)
    found = _starts(here, rounds)
    busy.unlink()
    for id in running:
        completed(here.stack.results(here.stack.ended(id)["id"]))  # to the end they were there
    return found


def _ssh(here: Site, rounds: int) -> list[float] | Missing:
    peers = here.peers()
    command = peers.ssh_command(here.specs[0], CLOCK)
    if isinstance(command, Missing):
        return command
    found = []
    for _ in range(rounds):
        time.sleep(PAUSE)
        began = time.time_ns()
        found.append((int(run(command).output) - began) / 1e6)
    return found


SCENARIO = Scenario("what a person waits for", targets=50, rounds=100, measure=measure)

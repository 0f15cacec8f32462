"""Large outputs from many targets at once, and a large file to them: how much a second, and whether memory stays flat.

Time is from the request until everything is stored (or verified on the target) and the execution has ended; every
connection is new. The peer is scp, for as many targets at once, with our own key exchange and cipher.
"""

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from bench.figures import Goal, Measure, Missing, progress
from bench.idle_stack import command_action, completed
from bench.peers import FORKS, Found, Peers
from bench.scenario import Scenario, Site
from bench.spent import Run, forget_peak, peak
from opsconductor.stack.problems import StackProblem

SIZE, TWICE = 10, 20  # MB (10⁶ bytes) for each target; both more than is under way of one transfer
LINE = "What programs write, line by line: 64 bytes with the end of it."
PATIENCE = 600  # s, on a slow machine
FLAT = Goal("≤", 1.1)  # times the memory, for twice the size


@dataclass(frozen=True)
class Moved:
    """What one execution moved: MB in a second, and the worker's largest memory in MB meanwhile."""

    rate: float
    memory: float


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure both ways in two sizes."""
    peers = here.peers()
    here.stack.read("true", here.ids)  # host keys are known from now on
    found = {name: dict[int, list[Moved]]() for name in ("stdout", "upload")}
    scp = {name: list[float | Missing]() for name in found}
    for _ in range(rounds):
        for megabytes in (SIZE, TWICE):
            source = _source(here.home, megabytes)
            actions = {"stdout": _printing(megabytes), "upload": _sending(here, source)}
            for name, action in actions.items():
                here.stack.go_cold(here.spare)
                moved = _moved(here, action, megabytes)
                found[name].setdefault(megabytes, []).append(moved)
                progress(f"{name}, {megabytes} MB each: {moved.rate:.0f} MB/s, worker {moved.memory:.0f} MB")
        for name, copied in _scp(here.home, peers, _source(here.home, SIZE)).items():
            scp[name].append(_rate(copied, len(here.ids)))
            progress(f"scp beside {name}: {_told(scp[name][-1])}")
    return [row for name in found for row in _rows(name, found[name], scp[name], len(here.ids))]


def _rows(
    name: str, moved: dict[int, list[Moved]], scp: list[float | Missing], targets: int
) -> list[Measure]:
    missing = next((rate for rate in scp if isinstance(rate, Missing)), None)
    theirs = missing or median(rate for rate in scp if not isinstance(rate, Missing))
    memory = {size: max(each.memory for each in found) for size, found in moved.items()}
    rate = median(each.rate for each in moved[SIZE])
    what = f"{name}, {SIZE} MB for each of {targets} targets"
    return [
        Measure(what, "MB/s", rate, more_is_better=True).beside(f"scp by xargs -P {FORKS}", theirs),
        Measure(f"{name}: largest memory of the worker", "MB", memory[SIZE]).beside(
            f"with {TWICE} MB for each", memory[TWICE]
        ),
        Measure(
            f"{name}: memory for {TWICE} MB over that for {SIZE} MB",
            "times",
            memory[TWICE] / memory[SIZE],
            goal=FLAT,
        ),
    ]


def _moved(here: Site, action: dict[str, Any], megabytes: int) -> Moved:
    stack, worker = here.stack, here.stack.services()["worker"]
    forget_peak(worker)
    began = time.perf_counter()
    execution = stack.ended(stack.begin(action, here.ids))
    seconds = time.perf_counter() - began
    results = completed(stack.results(execution["id"]))
    printed = {result["output_bytes"] for result in results}
    if action["action_type"] == "command" and printed != {megabytes * 1_000_000}:
        raise StackProblem(f"Outputs are not of {megabytes} MB, but of {printed} bytes.")
    return Moved(len(here.ids) * megabytes / seconds, peak(worker))


def _printing(megabytes: int) -> dict[str, Any]:
    return command_action(f"yes '{LINE}' | head -c {megabytes}000000", timeout=PATIENCE)


def _sending(here: Site, source: Path) -> dict[str, Any]:
    """Upload a file to us; return the action that sends it, to one path, as all targets are this machine."""
    sent = here.stack.call("POST", "/files", params={"name": source.name}, content=source.read_bytes())
    parameters = {
        "direction": "upload",
        "file_id": sent["id"],
        "destination": str(here.home / "sent"),
        "overwrite": "always",
    }
    return {"action_type": "file_transfer", "action_parameters": parameters}


def _source(home: Path, megabytes: int) -> Path:
    source = home / f"{megabytes}MB.txt"
    source.write_bytes((f"{LINE}\n".encode() * (megabytes * 1_000_000 // len(LINE)))[: megabytes * 1_000_000])
    return source


def _scp(home: Path, peers: Peers, source: Path) -> dict[str, Found]:
    copies = home / "copies"
    copies.mkdir(exist_ok=True)
    return {
        "stdout": peers.scp(f"{{}}:{source}", f"{copies}/{{}}"),
        "upload": peers.scp(str(source), f"{{}}:{copies}/{{}}"),
    }


def _told(rate: float | Missing) -> str:
    return rate.why if isinstance(rate, Missing) else f"{rate:.0f} MB/s"


def _rate(copied: Found, targets: int) -> float | Missing:
    return targets * SIZE / copied.seconds if isinstance(copied, Run) else copied


SCENARIO = Scenario("large outputs and files, medians of the rounds", targets=50, rounds=1, measure=measure)

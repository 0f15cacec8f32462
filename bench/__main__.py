"""The benchmarks, as `./opsconductor bench` runs them: exit status 0 only if every promise was kept."""

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.markup import escape

from bench import dead, health, many, output, ssh, start, thousand, warm, workflows
from bench.figures import Measure, progress, report, show
from bench.scenario import Scenario
from opsconductor.apps.cli.console import err
from opsconductor.stack.problems import StackProblem

SCENARIOS: dict[str, Scenario] = {
    "start": start.SCENARIO,
    "ssh": ssh.SCENARIO,
    "warm": warm.SCENARIO,
    "thousand": thousand.SCENARIO,
    "dead": dead.SCENARIO,
    "output": output.SCENARIO,
    "workflows": workflows.SCENARIO,
    "many": many.SCENARIO,
    "health": health.SCENARIO,
}
STOPPED = 130  # what shells say of a program that Ctrl-C ended


def main() -> None:
    """Run one scenario or all of them, one after the other, and print what was found."""
    options = _options()
    names = [options.scenario] if options.scenario else list(SCENARIOS)
    found, broken = dict[str, list[Measure]](), list[str]()
    for name in names:
        progress(f"── {name}: {SCENARIOS[name].what}")
        try:
            found[name] = _measured(name, options)
        except StackProblem as problem:
            if len(names) == 1:
                raise
            broken.append(f"{name} could not be measured: {problem}")
        broken += [f"{name}: {row.verdict}" for row in found.get(name, []) if row.met is False]
    what = {name: SCENARIOS[name].what for name in found}
    show(report(options.scenario or "all", found, what), as_json=options.json)
    if broken:
        raise StackProblem("Promises that were not kept:\n  " + "\n  ".join(broken))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench")
    parser.add_argument("scenario", nargs="?", choices=SCENARIOS)
    parser.add_argument("--targets", type=int)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _measured(name: str, options: argparse.Namespace) -> list[Measure]:
    """Measure as much as the scenario says, or else as was asked for; each has a stack and a folder of its own."""
    scenario, folder = SCENARIOS[name], options.data_dir
    if folder and not options.scenario:
        folder /= name
    count, rounds = options.targets or scenario.targets, options.rounds or scenario.rounds
    with scenario.site(count, folder, with_peers=not options.no_peers) as here:
        return scenario.measure(here, rounds)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _interrupt)  # what was started is stopped then too
    try:
        main()
    except StackProblem as problem:
        err.print(f"[red]✗[/] {escape(str(problem))}")
        sys.exit(1)
    except KeyboardInterrupt:
        progress("Stopped.")
        sys.exit(STOPPED)

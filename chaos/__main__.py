"""The crash storm, as `./opsconductor chaos` runs it: exit status 0 only if every promise was held."""

import argparse
import asyncio
import json
import random
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from bench.figures import progress
from bench.idle_stack import IdleStack, idle_stack
from bench.servers import servers
from rich.console import Console
from rich.table import Table

from chaos import flows
from chaos.faults import Faults
from chaos.history import Verdict, judge, open_work
from chaos.load import HONEST, Load
from opsconductor.apps.cli.console import guarded
from opsconductor.stack.problems import StackProblem

TARGETS = 20
AHEAD = 15  # executions that may be accepted before the storm has come as far
SETTLE_LIMIT = 30.0  # s after the last fault; whatever is open then is stuck


def main() -> None:
    """Run a storm and print what came of it."""
    options = _options()
    if options.flows:
        found, verdict = flows.storm(options)
        _show(found, verdict, options.json)
        raise SystemExit(0 if verdict.held else 1)
    with idle_stack(data_dir=options.data_dir, apart=True) as stack:
        home = stack.data.root / "chaos"
        home.mkdir(exist_ok=True)
        found, verdict = asyncio.run(_storm(stack, home, options))
    _show(found, verdict, options.json)
    raise SystemExit(0 if verdict.held else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("chaos")
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--worker-kills", type=int, default=200)
    parser.add_argument("--postgres-restarts", type=int, default=4)
    parser.add_argument("--session-kills", type=int, default=150)
    parser.add_argument("--valkey-kills", type=int, default=20)
    parser.add_argument("--calm", action="store_true")
    parser.add_argument("--flows", action="store_true")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--bout", action="append")
    parser.add_argument("--mode", choices=("attached", "detached"), default="attached")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _ends(options: argparse.Namespace) -> frozenset[str]:
    """Return how operations may end. A detached command outlives its worker and its session; its keeper is spared."""
    if options.calm:
        return frozenset({"completed"})
    return HONEST - {"lost"} if options.mode == "detached" else HONEST


async def _storm(stack: IdleStack, home: Path, options: argparse.Namespace) -> tuple[dict[str, Any], Verdict]:
    notes = home / "notes"
    notes.mkdir()
    async with servers(home, TARGETS) as specs:
        credential = stack.credential(specs[0].username, home / "id_ed25519")
        ids = [stack.target(spec.name, spec.port, credential) for spec in specs]
        load = Load(stack, notes, ids, [spec.name for spec in specs], options.mode, _ends(options))
        began = time.monotonic()
        faults = await asyncio.to_thread(_rage, stack, load, options)
        raged = time.monotonic() - began
        left, settled = await asyncio.to_thread(_settle, stack)
        database_url = (stack.data.secrets / "database_url").read_text()
        verdict = await asyncio.to_thread(judge, database_url, stack.data.root / "storage", load)
    if left:
        verdict.breaks("nothing is stuck", f"{left} open {SETTLE_LIMIT:.0f} s after the last fault")
    found = {
        "chaos": "calm" if options.calm else "storm",
        "mode": options.mode,
        "operations": sum(verdict.ends.values()),
        "executions": len(load.accepted),
        "faults": dict(faults.dealt),
        "requests_tried_again": load.tried_again,
        "seconds": round(raged, 1),
        "settled_after_s": round(settled, 1),
        **verdict.told(),
    }
    return found, verdict


def _rage(stack: IdleStack, load: Load, options: argparse.Namespace) -> Faults:
    """Accept executions, and meanwhile deal blows; both come to their ends together."""
    faults = Faults(stack.data, random.Random(options.seed))  # noqa: S311  # a storm that can be had again
    counts = (options.worker_kills, options.postgres_restarts, options.session_kills, options.valkey_kills)
    deck = [] if options.calm else faults.deck(*counts)
    total = max(1, options.operations // TARGETS)
    with ThreadPoolExecutor(1) as clients:
        pace = Pace(total)
        accepting = clients.submit(_accept, load, pace)
        try:
            for number, blow in enumerate(deck, 1):
                pace.allow(total * number // len(deck) + AHEAD)
                blow()
                if number % 20 == 0:
                    accepted = len(load.accepted) * TARGETS
                    progress(f"{number} of {len(deck)} faults, {accepted} operations accepted")
        finally:
            pace.allow(total)
        accepting.result()
    return faults


class Pace:
    """How many executions may have been accepted by now, so that the load lasts as long as the faults do."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._due = 0
        self._more = threading.Condition()

    def allow(self, due: int) -> None:
        with self._more:
            self._due = min(self.total, max(due, self._due))
            self._more.notify_all()

    def wait_for(self, number: int) -> None:
        with self._more:
            self._more.wait_for(lambda: number < self._due)


def _accept(load: Load, pace: Pace) -> None:
    for number in range(pace.total):
        pace.wait_for(number)
        load.start(number)


def _settle(stack: IdleStack) -> tuple[int, float]:
    """Wait for the end of everything; return what was open when the time was up, and how long the last of it took.

    The time begins anew whenever something ends: work that waits for its turn is not stuck.
    """
    database_url = (stack.data.secrets / "database_url").read_text()
    last, since = -1, time.monotonic()
    while True:
        try:
            left = open_work(database_url)
        except psycopg.Error:
            left = last
        if left == 0:
            return 0, time.monotonic() - since
        if left != last:
            last, since = left, time.monotonic()
        if time.monotonic() - since > SETTLE_LIMIT:
            return left, SETTLE_LIMIT
        time.sleep(0.2)


def _show(found: dict[str, Any], verdict: Verdict, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(found, indent=2) + "\n")
        return
    table = Table(
        title=f"The crash storm ({', '.join(found[name] for name in ('chaos', 'mode') if name in found)})",
        title_justify="left",
        box=None,
        pad_edge=False,
        show_header=False,
    )
    for name in (
        "operations",
        "runs",
        "steps",
        "faults",
        "ends",
        "reasons",
        "requests_tried_again",
        "seconds",
    ):
        if (value := found.get(name)) is None:
            continue
        text = ", ".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name.replace("_", " "), text)
    console = Console()
    console.print(table)
    for promise, examples in verdict.broken.items():
        console.print(f"[red]✗[/] broken: {promise} ({len(examples)}): {'; '.join(examples[:5])}")
    if verdict.held:
        console.print("[green]✓[/] every promise was held: none lost, none twice, none stuck, none wrong")


if __name__ == "__main__":

    def _run() -> None:
        try:
            main()
        except TimeoutError as late:
            raise StackProblem(str(late)) from late

    guarded(_run)

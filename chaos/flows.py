"""The storm over flows: what runs them is killed, stalled and deployed anew while their messages are under way.

Messages are held in the database before their callers are answered: what was answered for has to complete.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from bench.figures import progress
from bench.flows import deploy, put
from bench.idle_stack import IdleStack, idle_stack
from bench.servers import servers

from chaos.faults import Faults
from chaos.flow_history import COMPLETED, Started, judge, met, untold
from chaos.flow_tab import TAB, WHERE, tabs
from chaos.history import Verdict
from opsconductor.apps.cli.client import every
from opsconductor.stack.problems import StackProblem

TARGETS = 4
SETTLE_LIMIT = 30.0  # s from when the part that was struck last works again; what is open then is stuck
PATIENCE = 120.0  # s in which a run has to be taken; Node-RED may be starting
PAUSE = 0.2  # s before asking again


@dataclass(frozen=True)
class Bout:
    """Blows that are dealt together, and how runs may end under them whose caller got no answer."""

    blows: tuple[str, ...]
    ends: frozenset[str] = COMPLETED


BOUTS = {
    "together": Bout(("kill_nodered", "kill_bridge", "kill_core"), COMPLETED | {"lost"}),
    "bridge": Bout(("kill_bridge",)),
    "core": Bout(("kill_core",)),
    "slow": Bout(("stall_bridge", "stall_core")),
    "deploys": Bout(("redeploy",), COMPLETED | {"cancelled"}),
}
"""By name. A message that is not held yet is lost with Node-RED, or cancelled by a deploy; its run says so."""


@dataclass(frozen=True)
class Arena:
    """Where bouts are fought."""

    stack: IdleStack
    notes: Path
    deploy: Callable[[], None]
    options: argparse.Namespace


def storm(options: argparse.Namespace) -> tuple[dict[str, Any], Verdict]:
    """Run a storm over flows in a stack of its own; return what was found."""
    with idle_stack(data_dir=options.data_dir, apart=True) as stack:
        home = stack.data.root / "chaos"
        home.mkdir(exist_ok=True)
        return asyncio.run(_storm(stack, home, options))


async def _storm(stack: IdleStack, home: Path, options: argparse.Namespace) -> tuple[dict[str, Any], Verdict]:
    async with servers(home, TARGETS) as specs:
        credential = stack.credential(specs[0].username, home / "id_ed25519")
        targets = [
            {"id": stack.target(spec.name, spec.port, credential), "name": spec.name} for spec in specs
        ]
        whole, found = Verdict(), dict[str, Any]()
        for name, kills in wanted(options.bout or [*BOUTS], options.kills):
            notes = home / name
            notes.mkdir()
            flow = tabs(targets, notes, options.steps)
            await asyncio.to_thread(deploy, stack, flow)
            arena = Arena(stack, notes, partial(put, stack, flow), options)
            found[name], verdict = await asyncio.to_thread(_bout, arena, BOUTS[name], kills)
            whole.add(verdict, name)
    return {"chaos": "flows", "bouts": found, **whole.told()}, whole


def wanted(words: Sequence[str], kills: int) -> list[tuple[str, int]]:
    """Return the bouts that words such as `core` or `core=3` ask for, with the number of each of their blows."""
    pairs = [word.partition("=") for word in words]
    if unknown := [name for name, _, count in pairs if name not in BOUTS or not (count or "0").isdigit()]:
        raise StackProblem(
            f"There is no bout {unknown[0]}. There are: {', '.join(BOUTS)}; core=3 has 3 blows."
        )
    return [(name, int(count) if count else kills) for name, _, count in pairs]


def _bout(arena: Arena, bout: Bout, kills: int) -> tuple[dict[str, Any], Verdict]:
    began = datetime.now(UTC)
    faults, started = _rage(arena, bout, kills)
    raged = (datetime.now(UTC) - began).total_seconds()
    settled = _settle(arena, began, started)
    runs = _runs(arena.stack, began)
    verdict = judge(runs, arena.notes, started, arena.options.steps, bout.ends)
    found = {
        "runs": len(started.runs),
        "steps": arena.options.steps,
        "faults": dict(faults.dealt),
        "faults_during_runs": met(runs, faults.at),
        "requests_tried_again": started.tried_again,
        "seconds": round(raged, 1),
        "settled_after_s": round(settled, 1),
        "ends": dict(verdict.ends),
    }
    return found, verdict


def _rage(arena: Arena, bout: Bout, kills: int) -> tuple[Faults, Started]:
    """Start runs, and deal blows in between; the last run is started before the last blow."""
    dice = random.Random(arena.options.seed)  # noqa: S311  # a storm that can be had again
    faults = Faults(arena.stack.data, dice, arena.deploy)
    deck = faults.flow_deck(bout.blows, kills)
    started = Started()
    for number, blow in enumerate(deck, 1):
        while len(started.runs) < arena.options.runs * number // len(deck):
            _start(arena.stack, started)
        blow()
        if number % 10 == 0 or number == len(deck):
            progress(f"{number} of {len(deck)} faults, {len(started.runs)} runs started")
    return faults, started


def _start(stack: IdleStack, started: Started) -> None:
    """Start a run, however often that takes. One whose answer got lost is a run as well, and is judged as such."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            answer = stack.client.post(
                f"/hooks{WHERE}",
                params={"number": len(started.runs)},
                headers=stack.by_token(WHERE),
                timeout=10,
            )
            if answer.status_code == httpx.codes.ACCEPTED:
                started.runs.append(answer.json()["run"])
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise StackProblem("Node-RED takes no runs any more.")
        started.tried_again += 1
        time.sleep(PAUSE)


def _runs(stack: IdleStack, since: datetime) -> list[dict[str, Any]]:
    return every(stack.call, "/workflow-executions", flow_id=TAB, since=since.isoformat())


def _settle(arena: Arena, began: datetime, started: Started) -> float:
    """Wait until every run has ended and is told of, no longer than they may take; return how long that took.

    The time is from now, when the part that was struck last works again, whatever has ended meanwhile.
    """
    since = time.monotonic()
    while True:
        runs = _runs(arena.stack, began)
        going_on = any(run["status"] == "running" for run in runs) or untold(runs, arena.notes, started)
        taken = time.monotonic() - since
        if not going_on or taken > SETTLE_LIMIT:
            return taken
        time.sleep(PAUSE)

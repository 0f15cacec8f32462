"""The storm over flows: Node-RED, bridge and core are killed while runs of five durable commands are under way.

Messages are held in the database, so a killed Node-RED loses only those that had not reached their first command.
"""

import argparse
import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from bench.canvas import EXECUTOR, FUNCTION, RUNS_WHAT_IT_IS_TOLD
from bench.figures import progress
from bench.flows import deploy
from bench.idle_stack import IdleStack, idle_stack
from bench.servers import servers

from chaos.faults import Faults
from chaos.history import Verdict
from opsconductor.apps.cli.client import PAGE, checked
from opsconductor.stack.problems import StackProblem

TARGETS = 4
SETTLE_LIMIT = 30.0  # s without any run's end after which what is open is stuck
TOLD_WITHIN = 5.0  # s after which Node-RED has told of a run that has just begun
PATIENCE = 120.0  # s in which a run has to be taken; Node-RED may be starting
TAB = "storm"
WHERE = "/storm"
MARK = """
const run = msg._opsc.run
const targets = env.get('TARGETS')
msg.targets = [targets[Number(msg.req.query.number) % targets.length]]
msg.commands = {}
for (let step = 1; step <= env.get('STEPS'); step++) {
  msg.commands[step] = `echo ${step} >> ${env.get('NOTES')}/${run}; sleep 0.${step}`
}
msg.payload = { run }
return [msg, msg]
"""
HELD = {**RUNS_WHAT_IT_IS_TOLD, "maxInFlight": 20, "outputsInMessage": "never", "durable": True}
HONEST = frozenset({"completed", "lost"})
"""How a run may end: all of it done, or its message not held yet when Node-RED was killed, and then it says so."""


@dataclass
class Started:
    """Runs that Node-RED has taken, and how often it had to be asked again."""

    runs: list[str] = field(default_factory=list)
    tried_again: int = 0


def storm(options: argparse.Namespace) -> tuple[dict[str, Any], Verdict]:
    """Run a storm over flows in a stack of its own; return what was found."""
    with idle_stack(fleet=False, data_dir=options.data_dir) as stack:
        home = stack.data.root / "chaos"
        home.mkdir(exist_ok=True)
        return asyncio.run(_storm(stack, home, options))


async def _storm(stack: IdleStack, home: Path, options: argparse.Namespace) -> tuple[dict[str, Any], Verdict]:
    notes = home / "notes"
    notes.mkdir()
    async with servers(home, TARGETS) as specs:
        credential = stack.credential(specs[0].username, home / "id_ed25519")
        targets = [
            {"id": stack.target(spec.name, spec.port, credential), "name": spec.name} for spec in specs
        ]
        await asyncio.to_thread(deploy, stack, tabs(targets, notes, options.steps))
        began = time.monotonic()
        faults, started = await asyncio.to_thread(_rage, stack, options)
        raged = time.monotonic() - began
        settled = await asyncio.to_thread(_settle, stack, notes, started)
        runs = await asyncio.to_thread(_runs, stack)
        verdict = judge(runs, notes, started, options.steps)
    found = {
        "chaos": "flows",
        "runs": len(started.runs),
        "steps": options.steps,
        "faults": dict(faults.dealt),
        "requests_tried_again": started.tried_again,
        "seconds": round(raged, 1),
        "settled_after_s": round(settled, 1),
        **verdict.told(),
    }
    return found, verdict


def tabs(targets: list[dict[str, str]], notes: Path, steps: int) -> list[dict[str, Any]]:
    """Return a tab that answers with the id of the run, which then runs a command in each of its steps."""
    given = [("TARGETS", targets), ("NOTES", str(notes)), ("STEPS", steps)]
    env = [{"name": name, "value": _json(value), "type": "json"} for name, value in given]
    chain = [f"step-{number}" for number in range(1, steps + 1)]
    return [
        {"id": TAB, "type": "tab", "label": "Storm", "env": env},
        _node("in", "http in", [["mark"]], url=WHERE, method="post"),
        _node("mark", "function", [["answer"], chain[:1]], func=MARK, outputs=2, **FUNCTION),
        _node("answer", "http response", [], statusCode="202"),
        *(
            _node(step, EXECUTOR, [chain[number : number + 1], []], command=f"commands.{number}", **HELD)
            for number, step in enumerate(chain, 1)
        ),
    ]


def _node(id: str, type: str, wires: list[list[str]], **more: Any) -> dict[str, Any]:
    return {"id": id, "type": type, "z": TAB, "name": id, "x": 1, "y": 1, "wires": wires, **more}


def _json(value: object) -> str:
    return httpx.Response(200, json=value).text


def _rage(stack: IdleStack, options: argparse.Namespace) -> tuple[Faults, Started]:
    """Start runs, and deal blows in between; both come to their ends together."""
    faults = Faults(stack.data, random.Random(options.seed))  # noqa: S311  # a storm that can be had again
    deck = faults.flow_deck(options.kills)
    started = Started()
    for number in range(max(options.runs, len(deck))):
        for _ in range(_share(number, options.runs, max(options.runs, len(deck)))):
            _start(stack, started)
        if number < len(deck):
            deck[number]()
        if number % 10 == 9:
            progress(f"{min(number + 1, len(deck))} of {len(deck)} faults, {len(started.runs)} runs started")
    return faults, started


def _share(number: int, of: int, rounds: int) -> int:
    return of * (number + 1) // rounds - of * number // rounds


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
        time.sleep(0.2)


def _runs(stack: IdleStack) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    cursor = ""
    while True:
        query = {"flow_id": TAB, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
        page = checked(stack.client.get("/api/v3/workflow-executions", params=query))
        rows += page["items"]
        if not (cursor := page["next_cursor"] or ""):
            return rows


def _settle(stack: IdleStack, notes: Path, started: Started) -> float:
    """Wait for the end of all runs, as long as there are ends; return how long the last one took."""
    time.sleep(TOLD_WITHIN)
    last, since = -1, time.monotonic()
    while True:
        runs = _runs(stack)
        left = sum(run["status"] == "running" for run in runs) + len(_untold(runs, notes, started))
        if left != last:
            last, since = left, time.monotonic()
        if left == 0 or time.monotonic() - since > SETTLE_LIMIT:
            return time.monotonic() - since
        time.sleep(0.5)


def _untold(runs: Sequence[dict[str, Any]], notes: Path, started: Started) -> list[str]:
    """Return runs that did something, but that nobody has told of."""
    known = {run["id"] for run in runs}
    return [id for id in started.runs if id not in known and (notes / id).exists()]


def judge(runs: Sequence[dict[str, Any]], notes: Path, started: Started, steps: int) -> Verdict:
    """Return what came of the runs: of those that were answered, and of those whose answer got lost."""
    verdict = Verdict()
    known = {run["id"]: run for run in runs}
    for id in _untold(runs, notes, started):
        verdict.breaks("a run that did something is recorded", id)
    for id, run in known.items():
        status = run["status"]
        verdict.ends[status] += 1
        if run["error_message"]:
            verdict.reasons[f"{status}: {run['error_message'][:80]}"] += 1
        note = notes / id
        ran = Counter(note.read_text().split()) if note.exists() else Counter[str]()
        if any(count > 1 for count in ran.values()):
            verdict.breaks("nothing runs twice", f"{id} ({status}): {dict(ran)}")
        if status == "running":
            verdict.breaks("nothing is stuck", id)
        elif status not in HONEST:
            verdict.breaks("every run ends honestly", f"{id}: {status}, {run['error_message']}")
        if status == "completed" and len(ran) != steps:
            verdict.breaks("what completed ran all its steps", f"{id}: {dict(ran)}")
    return verdict

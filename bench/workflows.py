"""Flows that run a command of 2 s, 50 to 1,000 at once, with all parts of the stack but SSH.

The peer is what the plan had: whoever waits asks for the results every 5 s, of the same bridge in the same run.
"""

import asyncio
import gc
import time
from datetime import datetime

import httpx
import orjson

from bench import canvas, flows
from bench.figures import Goal, Measure, Missing, progress, rank
from bench.flows import Runs
from bench.idle_stack import IdleStack, command_action, completed
from bench.scenario import Scenario, Site
from bench.spent import forget_peak, peak
from opsconductor.apps.cli.client import PAGE
from opsconductor.contracts.statuses import TERMINAL
from opsconductor.stack import control
from opsconductor.stack.ports import LOOPBACK
from opsconductor.stack.problems import StackProblem

SIZES = (50, 200, 1000)
PROMISED_LAG, PROMISED_ERRORS = 200, 1000
"""The sizes that something is promised of."""
COMMAND, SHORT = "sleep 2", "true"
POLL_EVERY = 5.0  # s, as in the plan
SETTLE = 2.0  # s between sizes; runs are told of in batches after they have ended
PER_TOKEN = 100  # polling runs; a token has its own limit
MANY = 1000  # targets of the execution whose results are read
MOST_POLLING = 200
"""So many at once are measured with the poll; of 1,000 the core would be busy with polls alone for minutes."""
BUSY = 50  # runs in flight while others start
START_TAKES = 2.5  # s for which they stay in flight, for each start
LAG, START, ERRORS = Goal("<", 150), Goal("<", 300), Goal("≤", 0)
LIST, RESULTS = Goal("<", 150), Goal("<", 200)  # ms
WATCHED = {"nodered": "Node-RED", "bridge": "the bridge", "core": "the core"}
SCOPES = ["targets.read", "executions.read", "executions.run"]


def measure(here: Site, rounds: int) -> list[Measure]:
    """Measure runs of flows, and then the two reads that flows wait for. Fewer targets mean fewer runs at once."""
    environment = str(here.stack.call("GET", f"/targets/{here.spare}")["environment"])
    flows.deploy(here.stack, canvas.tabs(environment))
    flows.run(here.stack, 5, SHORT)  # what is done once only
    sizes = [size for size in SIZES if size <= len(here.ids)] or [len(here.ids)]
    rows = [row for size in sizes for row in _concurrent(here, size)]
    return [*rows, *_starts(here, rounds), *_reads(here, rounds)]


def _concurrent(here: Site, size: int) -> list[Measure]:
    progress(f"{size} runs at once ...")
    pids = here.stack.services()
    for name in WATCHED:
        forget_peak(pids[name])
    found = flows.run(here.stack, size, COMMAND)
    memory = {name: peak(pids[name]) for name in WATCHED}
    time.sleep(SETTLE)
    lag = _lags(here.stack, found)
    starts = [run.start for run in found.ended]
    at_once = f"{size} at once"
    return [
        Measure(f"{at_once}: request to the command running, p95", "ms", rank(starts, 95)),
        Measure(
            f"{at_once}: end in the core to the message leaving the node, p95",
            "ms",
            rank(lag, 95),
            f"poll every {POLL_EVERY:.0f} s",
            _polled_lag(here, size),
            goal=LAG if size == PROMISED_LAG else None,
        ),
        Measure(
            f"{at_once}: errors", "", len(found.errors), goal=ERRORS if size == PROMISED_ERRORS else None
        ),
        *(Measure(f"{at_once}: largest memory of {WATCHED[name]}", "MB", memory[name]) for name in WATCHED),
    ]


def _lags(stack: IdleStack, runs: Runs) -> list[float]:
    ends = _ends(stack, {run.execution for run in runs.ended})
    return [run.left - ends[run.execution] for run in runs.ended]


def _ends(stack: IdleStack, wanted: set[str]) -> dict[str, float]:
    """Return when executions ended in the core, in ms since 1970."""
    found, cursor = dict[str, float](), ""
    while cursor is not None and wanted - found.keys():
        page = stack.call(
            "GET", "/executions", params={"limit": PAGE, **({"cursor": cursor} if cursor else {})}
        )
        found |= {row["id"]: _ms(row["finished_at"]) for row in page["items"] if row["id"] in wanted}
        cursor = page["next_cursor"]
    return found


def _ms(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp() * 1000


def _polled_lag(here: Site, size: int) -> float | Missing:
    if size > MOST_POLLING:
        return Missing("not measured")
    progress(f"{size} that poll every {POLL_EVERY:.0f} s ...")
    return rank(asyncio.run(_polled(here, size)), 95)


async def _polled(here: Site, size: int) -> list[float]:
    """Return the lags in ms of as many who start the same at once, and look for the end every 5 s."""
    tokens = [_token(here.stack) for _ in range(-(-size // PER_TOKEN))]
    seen = dict[str, float]()
    async with httpx.AsyncClient(base_url=_bridge(here.stack), timeout=60) as client:
        await asyncio.gather(
            *(_poll(client, tokens[number // PER_TOKEN], here.spare, seen) for number in range(size))
        )
    ends = _ends(here.stack, set(seen))
    return [seen[id] - ends[id] for id in ends]


async def _poll(client: httpx.AsyncClient, token: str, target: str, seen: dict[str, float]) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    wanted = {"actions": [command_action(COMMAND)], "target_ids": [target]}
    accepted = (await client.post("/api/workflow/execute", json=wanted, headers=headers)).raise_for_status()
    id = str(accepted.json()["execution_id"])
    while True:
        await asyncio.sleep(POLL_EVERY)
        found = await client.get(f"/api/workflow/results/{id}", headers=headers)
        if (
            found.is_success and found.json()["status"] in TERMINAL
        ):  # what is too much at once, the next poll finds
            seen[id] = time.time() * 1000
            return


def _starts(here: Site, rounds: int) -> list[Measure]:
    """Return how long single runs take to start while others are in flight."""
    busy = min(BUSY, len(here.ids))
    progress(f"{rounds} starts while {busy} runs are in flight ...")
    long = f"sleep {10 + rounds * START_TAKES}"
    flows.begin(here.stack, busy, long)
    time.sleep(SETTLE)
    starts = [_start(here.stack) for _ in range(rounds)]
    if ended := flows.ended(here.stack, long):
        raise StackProblem(f"{ended} of the {busy} runs that were to be in flight had ended meanwhile.")
    if errors := flows.collected(here.stack, busy, long).errors:
        raise StackProblem(f"Of the runs that were in flight, some failed: {errors[0]}")
    name = f"inject to the command running, {busy} runs in flight"
    return [
        Measure(f"{name}, p50", "ms", rank(starts, 50)),
        Measure(f"{name}, p95", "ms", rank(starts, 95), goal=START),
    ]


def _start(stack: IdleStack) -> float:
    found = flows.run(stack, 1, SHORT)
    if found.errors:
        raise StackProblem(f"A run failed: {found.errors[0]}")
    return found.ended[0].start


def _reads(here: Site, rounds: int) -> list[Measure]:
    """Return how long a selector's question takes, asked anew and kept, and that of an executor for its results."""
    progress(f"{rounds} lists of {len(here.ids)} targets, and results of {min(MANY, len(here.ids))} ...")
    headers = {"Authorization": f"Bearer {_token(here.stack)}"}
    with httpx.Client(base_url=_bridge(here.stack), timeout=60, headers=headers) as client:
        path = "/api/workflow/targets?environment=staging"
        asked, kept = list[float](), list[float]()
        for number in range(rounds):
            here.stack.call(
                "PATCH", f"/targets/{here.spare}", json={"description": f"Changed {number} times"}
            )
            asked.append(_took(client, path, "targets", len(here.ids)))
            kept.append(_took(client, path, "targets", len(here.ids)))
        some = here.ids[:MANY]
        execution = here.stack.run(SHORT, some)["id"]
        completed(here.stack.results(execution))
        path = f"/api/workflow/results/{execution}"
        results = [_took(client, path, "results", len(some)) for _ in range(rounds)]
    lists = f"list of {len(here.ids)} targets through the bridge"
    return [
        Measure(f"{lists}, after a change, p95", "ms", rank(asked, 95), goal=LIST),
        Measure(f"{lists}, kept, p95", "ms", rank(kept, 95), goal=LIST),
        Measure(
            f"results of {len(some)} targets through the bridge, p95", "ms", rank(results, 95), goal=RESULTS
        ),
    ]


def _took(client: httpx.Client, path: str, what: str, count: int) -> float:
    """Return the ms until an answer was read and parsed, which has to be whole.

    As timeit does, without garbage collection: what was parsed before is no part of it.
    """
    gc.disable()
    began = time.perf_counter()
    found = orjson.loads(client.get(path).raise_for_status().content)
    took = (time.perf_counter() - began) * 1000
    gc.enable()
    if len(found[what]) != count:
        raise StackProblem(f"{path} has {len(found[what])} {what} instead of {count}.")
    return took


def _token(stack: IdleStack) -> str:
    return str(stack.call("POST", "/workflow-tokens", json={"name": "bench", "scopes": SCOPES})["token"])


def _bridge(stack: IdleStack) -> str:
    status = control.ask(stack.data.socket, "status") or {}
    return f"http://{LOOPBACK}:{status['ports']['bridge']}"


SCENARIO = Scenario("flows that run a command", targets=10_000, rounds=20, measure=measure, fake=True)

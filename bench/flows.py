"""Flows of a benchmark in the stack's own Node-RED: they select a target, run a command on it, and note the times."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from bench.idle_stack import SIGN_IN, IdleStack
from opsconductor.apps.cli.client import checked
from opsconductor.stack.problems import StackProblem

TABS = 10
AT_ONCE = 100
"""Messages that a command executor works on at once, at most."""
CALLERS = 50  # requests at once that start runs
PATIENCE = 180.0  # s until all runs have ended
LOOK_EVERY = 1.0  # s; each look passes the gate of hooks, at the cost of what is measured
MARK = "msg.t0 = Number(msg.req.query.t0); msg.command = msg.req.query.command; return [msg, msg]"
NOTE = """
const kept = global.get('ended') || []
const { command, t0 } = msg
kept.push({ id: msg.executionId, command, t0, began: msg.results[0].output_text, left: Date.now() })
global.set('ended', kept)
"""
CAUGHT = """
const kept = global.get('caught') || []
kept.push({ command: msg.command, message: msg.error.message })
global.set('caught', kept)
"""
TOLD = """
const wanted = each => each.command === msg.req.query.command
msg.payload = {}
for (const name of ['ended', 'caught']) {
  const kept = global.get(name) || []
  msg.payload[name] = kept.filter(wanted)
  global.set(name, kept.filter(each => !wanted(each)))
}
return msg
"""
COUNTED = """
const wanted = each => each.command === msg.req.query.command
msg.payload = { count: [...(global.get('ended') || []), ...(global.get('caught') || [])].filter(wanted).length }
return msg
"""
EXECUTOR = "opsconductor-command-executor"
RUNS_WHAT_IT_IS_TOLD: dict[str, Any] = {
    "version": 2,
    "kind": "command",
    "commandType": "msg",
    "arguments": "[]",
    "argumentsType": "json",
    "parameters": [],
    "timeout": 120,
    "retryCount": 0,
    "continueOnFailure": False,
    "outputFormat": "summary",
    "outputsInMessage": "auto",
}
"""What an executor has whose command is in the message; `command` says where."""


@dataclass(frozen=True)
class Ended:
    """A run whose message has left the executor. Times are ms since 1970: asked for, begun on the target, left."""

    execution: str
    asked: float
    began: float
    left: float

    @property
    def start(self) -> float:
        """Return the ms from the request to the command running."""
        return self.began - self.asked


@dataclass(frozen=True)
class Runs:
    """What became of runs that were started at once, and what went wrong."""

    ended: Sequence[Ended]
    errors: Sequence[str]


def tabs(environment: str) -> list[dict[str, Any]]:
    """Return the flows: each tab takes requests at `/hooks/bench/<number>`; the first one tells what came of all."""
    nodes = [node for number in range(TABS) for node in _tab(number, environment)]
    return [*nodes, *_asked("told", TOLD), *_asked("counted", COUNTED)]


def _tab(number: int, environment: str) -> list[dict[str, Any]]:
    tab = f"bench{number}"

    def node(name: str, type: str, *wires: list[str], **more: Any) -> dict[str, Any]:
        to = [[f"{tab}-{each}" for each in some] for some in wires]
        return {
            "id": f"{tab}-{name}",
            "type": type,
            "z": tab,
            "name": name,
            "x": 1,
            "y": 1,
            "wires": to,
            **more,
        }

    wanted = {"osType": "", "environment": environment, "status": "", "tags": ""}
    selector = {"version": 2, "targetFilter": wanted, "selectedTargets": [], "missingTargets": "error"}
    return [
        {"id": tab, "type": "tab", "label": f"Bench {number}"},
        node("in", "http in", ["mark"], url=f"/bench/{number}", method="post"),
        node("mark", "function", ["answer"], ["select"], func=MARK, outputs=2, **FUNCTION),
        node("answer", "http response", statusCode="202"),
        node(
            "select",
            "opsconductor-target-selector",
            ["run"],
            **selector,
            nothingMatched="error",
            outputFormat="array",
            outputs=1,
        ),
        node("run", EXECUTOR, ["note"], [], command="command", maxInFlight=AT_ONCE, **RUNS_WHAT_IT_IS_TOLD),
        node("note", "function", [], func=NOTE, outputs=0, **FUNCTION),
        node("catch", "catch", ["caught"], scope=None, uncaught=False),
        node("caught", "function", [], func=CAUGHT, outputs=0, **FUNCTION),
    ]


FUNCTION = {"timeout": 0, "noerr": 0, "initialize": "", "finalize": "", "libs": []}


def _asked(name: str, func: str) -> list[dict[str, Any]]:
    place = {"z": "bench0", "x": 1, "y": 1}
    return [
        {
            **place,
            "id": name,
            "type": "http in",
            "url": f"/bench-{name}",
            "method": "get",
            "wires": [[f"{name}-f"]],
        },
        {
            **place,
            **FUNCTION,
            "id": f"{name}-f",
            "type": "function",
            "func": func,
            "wires": [[f"{name}-r"]],
            "outputs": 1,
        },
        {**place, "id": f"{name}-r", "type": "http response", "wires": []},
    ]


def deploy(stack: IdleStack, nodes: list[dict[str, Any]]) -> None:
    """Deploy flows, and protect their hooks."""
    put(stack, nodes)
    stack.protect_hooks()


def put(stack: IdleStack, nodes: list[dict[str, Any]]) -> None:
    """Deploy flows as an administrator in a browser does."""
    with httpx.Client(base_url=stack.client.base_url, timeout=60) as browser:
        checked(browser.post("/api/v3/auth/login", json=SIGN_IN))
        headers = {"Node-RED-API-Version": "v2"}
        answer = browser.post("/nodered/flows", json={"flows": nodes}, headers=headers)
    if not answer.is_success:
        raise StackProblem(f"Node-RED did not take the flows of the benchmark: {answer.text[:300]}")


def run(stack: IdleStack, count: int, command: str) -> Runs:
    """Start so many runs at once; return what became of them once all have ended."""
    begin(stack, count, command)
    return collected(stack, count, command)


def begin(stack: IdleStack, count: int, command: str) -> None:
    """Start so many runs at once; each is taken before it has done anything."""
    asyncio.run(_begin(stack, count, command))


async def _begin(stack: IdleStack, count: int, command: str) -> None:
    callers = asyncio.Semaphore(CALLERS)
    async with httpx.AsyncClient(base_url=stack.client.base_url, timeout=60) as client:

        async def start(number: int) -> None:
            async with callers:
                query = {"t0": f"{time.time() * 1000:.3f}", "command": command}
                path = f"/bench/{number // AT_ONCE % TABS}"
                answer = await client.post(f"/hooks{path}", params=query, headers=stack.by_token(path))
                answer.raise_for_status()

        await asyncio.gather(*(start(number) for number in range(count)))


def collected(stack: IdleStack, count: int, command: str) -> Runs:
    """Return what became of the runs of a command once so many have ended, and forget it."""
    deadline = time.monotonic() + PATIENCE
    while ended(stack, command) < count and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY)
    told = _told(stack, "/bench-told", command)
    left = [Ended(each["id"], each["t0"], int(each["began"]) / 1e6, each["left"]) for each in told["ended"]]
    caught = [each["message"] for each in told["caught"]]
    missing = ["A message never left the node."] * (count - len(left) - len(caught))
    return Runs(left, [*caught, *missing])


def ended(stack: IdleStack, command: str) -> int:
    """Return how many runs of a command have ended."""
    return int(_told(stack, "/bench-counted", command)["count"])


def _told(stack: IdleStack, path: str, command: str) -> dict[str, Any]:
    answer = stack.client.get(f"/hooks{path}", params={"command": command}, headers=stack.by_token(path))
    return dict(answer.raise_for_status().json())

"""Flows of a benchmark as Node-RED has them: they select targets, do something on them, and note the times."""

from typing import Any

TABS = 10
AT_ONCE = 100
"""Messages that a node works on at once, at most."""
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
NOTE_SIZE = """
const kept = global.get('ended') || []
const { command, t0, results } = msg
kept.push({ id: msg.executionId, command, t0, left: Date.now(), results: results.length,
  bytes: JSON.stringify({ ...msg, req: null, res: null }).length })
global.set('ended', kept)
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


FUNCTION: dict[str, Any] = {"timeout": 0, "noerr": 0, "initialize": "", "finalize": "", "libs": []}
SELECTOR: dict[str, Any] = {
    "version": 2,
    "selectedTargets": [],
    "missingTargets": "error",
    "nothingMatched": "error",
    "outputFormat": "array",
    "outputs": 1,
}

Node = dict[str, Any]


def tabs(environment: str) -> list[Node]:
    """Return flows that run a command: each tab takes requests at `/hooks/bench/<number>`."""
    work = {"type": EXECUTOR, "command": "command", "maxInFlight": AT_ONCE, **RUNS_WHAT_IT_IS_TOLD}
    nodes = [node for number in range(TABS) for node in tab(number, environment, work)]
    return [*nodes, *telling()]


def tab(number: int, environment: str, work: Node, note: str = NOTE, outputs: int = 1) -> list[Node]:
    """Return a tab with one node that works on the targets of an environment; it notes what leaves each output."""
    id = f"bench{number}"

    def node(name: str, type: str, *wires: list[str], **more: Any) -> Node:
        to = [[f"{id}-{each}" for each in some] for some in wires]
        return {
            "id": f"{id}-{name}",
            "type": type,
            "z": id,
            "name": name,
            "x": 1,
            "y": 1,
            "wires": to,
            **more,
        }

    wanted = {"osType": "", "environment": environment, "status": "", "tags": ""}
    leads = [["note"]] * outputs
    return [
        {"id": id, "type": "tab", "label": f"Bench {number}"},
        node("in", "http in", ["mark"], url=f"/bench/{number}", method="post"),
        node("mark", "function", ["answer"], ["select"], func=MARK, outputs=2, **FUNCTION),
        node("answer", "http response", statusCode="202"),
        node("select", "opsconductor-target-selector", ["run"], targetFilter=wanted, **SELECTOR),
        node("run", work["type"], *leads, **{key: value for key, value in work.items() if key != "type"}),
        node("note", "function", [], func=note, outputs=0, **FUNCTION),
        node("catch", "catch", ["caught"], scope=None, uncaught=False),
        node("caught", "function", [], func=CAUGHT, outputs=0, **FUNCTION),
    ]


def telling() -> list[Node]:
    """Return what tells, beside the first tab, what came of all runs, and how many have ended."""
    return [*_asked("told", TOLD), *_asked("counted", COUNTED)]


def _asked(name: str, func: str) -> list[Node]:
    return [
        a_node("bench0", name, "http in", [[f"{name}-f"]], url=f"/bench-{name}", method="get"),
        a_node("bench0", f"{name}-f", "function", [[f"{name}-r"]], func=func, outputs=1, **FUNCTION),
        a_node("bench0", f"{name}-r", "http response", []),
    ]


def a_node(tab: str, id: str, type: str, wires: list[list[str]], **more: Any) -> Node:
    """Return a node of a tab, with the ids of the nodes that each of its outputs leads to."""
    return {"id": id, "type": type, "z": tab, "name": id, "x": 1, "y": 1, "wires": wires, **more}
